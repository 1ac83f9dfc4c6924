"""A real Dask scheduler with workers for tests: processes as people start them, with nannies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.servers.process import free_port

DASK = Path(sys.executable).parent / "dask"
START_SECONDS = 600


@dataclass(frozen=True)
class DaskCluster:
    """`nannies` are the workers' parents, which start a worker again when it dies. `start` starts a `dask …`."""

    url: str
    scheduler: subprocess.Popen[bytes]
    start: Callable[..., subprocess.Popen[bytes]]
    nannies: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def fill(self, workers: int) -> None:
        """Nannies that are gone are replaced, and all workers have said that they are there."""
        living = [nanny for nanny in self.nannies if nanny.poll() is None]
        missing = workers - len(living)
        self.nannies[:] = [*living, *(self.start("worker", self.url, "--nthreads", 1, "--no-dashboard") for _ in range(missing))]
        from distributed import Client

        with Client(self.url, timeout=START_SECONDS) as client:
            client.wait_for_workers(workers, timeout=START_SECONDS)

    def worker_of(self, nanny: subprocess.Popen[bytes]) -> int:
        """The process that does the work."""
        threads = Path(f"/proc/{nanny.pid}/task").glob("*/children")
        children = [pid for thread in threads for pid in thread.read_text().split()]
        return next(int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())


@contextmanager
def dask_running(folder: Path, environment: Mapping[str, str], workers: int = 2) -> Iterator[DaskCluster]:
    """Ends with the block, scheduler and workers."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: object) -> subprocess.Popen[bytes]:
        with (folder / f"log{len(started)}").open("wb") as log:
            command = [str(word) for word in (DASK, *words)]
            variables = {**os.environ, **environment}
            process = subprocess.Popen(command, env=variables, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        started.append(process)
        return process

    try:
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        _wait(port)
        url = f"tcp://127.0.0.1:{port}"
        cluster = DaskCluster(url, scheduler, start)
        cluster.fill(workers)
        yield cluster
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise RuntimeError("Dask's scheduler did not start")
