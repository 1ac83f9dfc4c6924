"""A Prefect API for the length of one run, where none is configured.

Prefect can start such a server itself, but that one outlives a killed parent, loses the last events when it is stopped, and
prints tracebacks. This one starts while the rest is still importing, writes to a log file, finishes what it was sent, and ends
with its parent however that ends: it reads a pipe that only the parent holds open.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from digit_core.errors import DigitsError

FLUSH_SECONDS = 1.5  # the recorder of task runs writes its buffer within a second
START_SECONDS = 90.0
STOP_SECONDS = 5.0
REACH_SECONDS = 30.0
USUAL_PORT = 4200
"""Of a Prefect server."""

_QUIET = {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_UI_ENABLED": "0",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


@contextlib.contextmanager
def local_api(log: Path) -> Iterator[str]:
    """Start the server and yield its API address at once; requests wait until it is up. End it on leaving."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        port = listener.getsockname()[1]
        server = _start(listener, log)
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        if server.stdin is not None:
            server.stdin.close()


def _start(listener: socket.socket, log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.absolute().open("wb") as output:
        return subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-P", "-m", "flows.local_server", str(listener.fileno())],
            cwd=log.absolute().parent,  # not the folder of the scans: Prefect reads settings from the current folder
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, **_QUIET},
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C must reach only the run, which still reports to this server
        )


def wait_until_ready(api: str, log: Path) -> None:
    """Wait for the server. Raises DigitsError when it does not come up."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=START_SECONDS):  # noqa: S310  our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise DigitsError(f"Prefect's local server did not start; see {log}")


def check_reachable(api: str) -> None:
    """Check that a configured address answers. Raises DigitsError if not."""
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=REACH_SECONDS):  # noqa: S310  the user's own setting
            return
    except urllib.error.HTTPError:
        return  # the server answers; Prefect reports its errors better than we could
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ValueError) as error:
        advice = f"start it (`{_how_to_start(api)}`), or unset PREFECT_API_URL to run without one"
        raise DigitsError(f"no Prefect server answers at {api}: {advice}") from error


def _how_to_start(api: str) -> str:
    """On another port than its usual one the server's own page has to be told, or it asks there."""
    try:
        port = urlsplit(api).port
    except ValueError:
        port = None
    if port in (None, USUAL_PORT):
        return "prefect server start"
    return f"PREFECT_SERVER_UI_API_URL={api} prefect server start --port {port}"


def main() -> None:
    """Serve on the inherited socket until the parent process ends; runs in the child process."""
    stop = threading.Event()
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    server = uvicorn.Server(uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on"))
    threading.Thread(target=_end_politely, args=(stop, server), daemon=True).start()
    _wait_for_turn(server)
    server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


def _wait_for_turn(server: object) -> None:
    """Wait until no other server is starting: two at once would both migrate Prefect's database, and one would fail."""
    from prefect.settings import PREFECT_HOME

    folder = PREFECT_HOME.value()
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "digits-server.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    threading.Thread(target=_release_once_started, args=(lock, server), daemon=True).start()


def _release_once_started(lock: IO[str], server: object) -> None:
    while not server.started:  # type: ignore[attr-defined]
        time.sleep(0.05)
    lock.close()


def _watch_parent(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()
    time.sleep(FLUSH_SECONDS + STOP_SECONDS)
    os._exit(0)


def _end_politely(stop: threading.Event, server: object) -> None:
    stop.wait()
    time.sleep(FLUSH_SECONDS)
    server.should_exit = True  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
