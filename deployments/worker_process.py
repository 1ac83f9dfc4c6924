"""Prefect's worker in this process, as `python -m deployments.worker_process worker start …`; it ends when it is told to.

Prefect's own waits at its end for a server that is away, and loses the signal over it: workers lived on for as long as the
server did not come back. Runs that a worker has begun are processes of their own, and go on without it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

from digit_core.errors import DigitsError

PATIENCE_SECONDS = 10.0
"""Between two looks whether a worker that was told to end has a server to say goodbye to."""

_ENDS = (signal.SIGTERM, signal.SIGINT)
_TERMINATED = 143


def main() -> None:
    """Become the worker."""
    threading.Thread(target=_end_without_a_server, args=(_signals(),), daemon=True).start()
    from prefect.cli import app

    app()


def _signals() -> Callable[[], int]:
    """Waits for the next signal that this process gets, whoever handles it; Prefect puts handlers of its own over any other."""
    listening, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    return lambda: os.read(listening, 1)[0]


def _end_without_a_server(next_signal: Callable[[], int]) -> None:
    while next_signal() not in _ENDS:
        pass
    while True:
        time.sleep(PATIENCE_SECONDS)
        if not _server_answers():
            os._exit(_TERMINATED)


def _server_answers() -> bool:
    from prefect.settings import PREFECT_API_URL

    from flows.local_server import check_reachable

    try:
        check_reachable(str(PREFECT_API_URL.value()))
    except DigitsError:
        return False
    return True


if __name__ == "__main__":
    main()
