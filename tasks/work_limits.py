"""Limits of processor time and memory for processes that read pages, and the messages for pages that exceed them."""

from __future__ import annotations

import os
import re
import resource
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pebble import ProcessExpired

from digit_core.errors import FailureReason

Item = TypeVar("Item")
Result = TypeVar("Result")

MEGABYTES = 4096.0
"""Memory limit of a worker, beyond what it starts with: about twice what a page of 200 megapixels needs."""

TOO_MUCH_MEMORY = 77
"""Exit code of a worker that ended itself because it exceeded the memory limit."""

TOO_MUCH_TIME = -int(signal.SIGPROF)
"""Exit code, in multiprocessing's terms, of a worker that the system ended because it exceeded the processor time."""

PATIENCE = 10
"""Factor by which wall-clock time may exceed the limit: on a busy machine a good page waits for its turn."""

_STATM = Path("/proc/self/statm")
_LOOK_EVERY = 0.05  # seconds; decoders allocate up to some gigabytes a second


@dataclass(frozen=True, slots=True)
class Lost:
    """An item without a result: it crashed its worker, hung, or raised an unexpected error."""

    reason: FailureReason
    message: str


def timed(function: Callable[[Item], Result], seconds: float, items: Sequence[Item]) -> list[Result]:
    """Apply `function` to each item, in the worker. The system ends the process if it uses more than `seconds` of processor time,
    whatever code it is in."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return [function(item) for item in items]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def lost(error: BaseException, seconds: float, megabytes: float) -> Lost:
    """Describe an item that was tried alone and ended with `error`."""
    if isinstance(error, ProcessExpired) and error.exitcode == TOO_MUCH_MEMORY:
        message = f"it needs more than {megabytes:,.0f} MB of memory; DIGITS_PAGE_MEGABYTES sets the limit if you trust the file"
        return Lost(FailureReason.TOO_LARGE, message)
    if isinstance(error, TimeoutError) or took_too_much(error):
        message = f"it was not read within {seconds:g} s of processor time; DIGITS_PAGE_SECONDS sets the limit"
        return Lost(FailureReason.TIMED_OUT, message)
    if isinstance(error, ProcessExpired):
        return Lost(FailureReason.CRASHED, f"it ended the process that read it (exit code {error.exitcode})")
    return Lost(FailureReason.CRASHED, f"{type(error).__name__}: {error}{_place(error)}")


def took_too_much(error: BaseException | None) -> bool:
    """Whether the item exceeded a limit: it would do so again, and is not retried."""
    return isinstance(error, ProcessExpired) and error.exitcode in (TOO_MUCH_MEMORY, TOO_MUCH_TIME)


def _place(error: BaseException) -> str:
    """Return the line where the error was raised in the worker, whose traceback comes as text."""
    places = re.findall(r'File "(.+?)", line (\d+)', str(error.__cause__))
    return f" ({Path(places[-1][0]).name}:{places[-1][1]})" if places else ""


def limit_memory(megabytes: float) -> None:
    """Limit the memory that this process takes from now on: a thread ends it soon after it exceeds the limit, with an exit code
    that says why. What it has already is not counted: a forked child begins with all that its parent holds.

    No malloc fails, which would crash some libraries. The system refuses twice as much, in case the thread does not get to run.
    """
    resident, data = _megabytes_held()
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    hard = int(1e6 * (data + 2 * megabytes))
    resource.setrlimit(resource.RLIMIT_DATA, (hard if most == resource.RLIM_INFINITY else min(hard, most), most))
    if _STATM.exists():
        threading.Thread(target=_watch_memory, args=(resident + megabytes,), daemon=True).start()


def _watch_memory(most: float) -> None:
    while _megabytes_held()[0] <= most:
        time.sleep(_LOOK_EVERY)
    os._exit(TOO_MUCH_MEMORY)


def _megabytes_held() -> tuple[float, float]:
    """Return what of this process is in memory, and its data in all; 0 where the system does not say."""
    if not _STATM.exists():
        return 0.0, 0.0
    pages = [int(field) for field in _STATM.read_text().split()]
    megabytes_a_page = resource.getpagesize() / 1e6
    return pages[1] * megabytes_a_page, pages[5] * megabytes_a_page
