"""Server processes for tests: started on free ports, ended by their own process id, gone when the test session dies."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# Reads a pipe that the test session holds open: when the session ends, however it ends, so does the server.
_ENDS_WITH_PARENT = """
import os, threading
pipe = os.dup(0)
threading.Thread(target=lambda: os.read(pipe, 1) or os._exit(0), daemon=True).start()
"""


@dataclass(frozen=True)
class Server:
    """A server as Python code for an interpreter of its own; what it prints goes to `log`."""

    python: Path
    code: str
    arguments: tuple[str, ...]
    log: Path


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(servers: Sequence[Server]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Starts the servers and ends them, those and no others, at the end of the block."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for server in servers:
            processes.append(_start(server))
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            _await_end(process)


def _start(server: Server) -> subprocess.Popen[bytes]:
    with server.log.open("wb") as log:
        command = [str(server.python), "-c", _ENDS_WITH_PARENT + server.code, *server.arguments]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)


def _await_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
