"""A real Prefect server for tests, as people run it, with a database of its own; it can be stopped and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.servers.process import free_port

PREFECT = Path(sys.executable).parent / "prefect"
START_SECONDS = 600
QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "PREFECT_API_URL": "", "PREFECT_UI_ENABLED": "0"}


@dataclass
class PrefectServer:
    """`environment` is what its clients need."""

    folder: Path
    database: str = ""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        return {"PREFECT_API_URL": self.url, "PREFECT_HOME": str(self.folder / "client")}

    def start(self) -> None:
        variables = {**os.environ, **QUIET, "PREFECT_HOME": str(self.folder / "server")}
        if self.database:
            variables["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = self.database
        command = [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(self.port), "--no-ui"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=variables, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Prefect's server did not start:\n{(self.folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.2)

    def kill(self) -> None:
        """At once, with all that it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5):  # noqa: S310  our own address
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


@contextmanager
def prefect_running(folder: Path, database: str = "") -> Iterator[PrefectServer]:
    """Ends with the block, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    server = PrefectServer(folder, database)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """One for all tests that do not harm it."""
    with prefect_running(tmp_path_factory.mktemp("prefect")) as server:
        yield server
