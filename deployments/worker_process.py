"""Prefect's worker in this process, as `python -m deployments.worker_process worker start …`; it ends at SIGTERM.

Prefect's own worker loses the signal while the server is away, and lives on until the server is back. Runs that a worker has
started are processes of their own, and go on without it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

from digit_core.errors import DigitsError

PATIENCE_SECONDS = 10.0
"""Time between two checks whether the server of a stopped worker answers."""

_ENDS = (signal.SIGTERM, signal.SIGINT)
_TERMINATED = 143


def main() -> None:
    """Run the worker."""
    threading.Thread(target=_end_without_a_server, args=(_signals(),), daemon=True).start()
    from prefect.cli import app

    app()


def _signals() -> Callable[[], int]:
    """Return a function that waits for the next signal of this process, whoever handles it; Prefect replaces other handlers."""
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
