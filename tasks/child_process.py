"""Processing of a few items in one child process, which starts at once and can be ended at any time."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from pebble import ProcessExpired

from digit_core.errors import DigitsError
from tasks.work_limits import PATIENCE, Lost, lost, timed
from tasks.worker_pool import start_worker

Item = TypeVar("Item")
Result = TypeVar("Result")
ItemWork = Callable[[Item], Result]

CAN_FORK = sys.platform == "linux"
"""Whether processes can fork safely; on other systems the system libraries do not support it."""


def run_in_child(
    function: ItemWork[Item, Result], items: Sequence[Item], seconds: float, megabytes: float
) -> list[Result | Lost]:
    """Return one result per item, in order, as WorkerPool does. The child ends when this process gets an exception, SIGTERM
    included."""
    results: list[Result | Lost] = []
    while len(results) < len(items):
        results += _until_lost(function, items[len(results) :], seconds, megabytes)
    return results


def _until_lost(function: ItemWork[Any, Any], items: Sequence[Any], seconds: float, megabytes: float) -> list[Any]:
    """Return the results up to the first item that ends the child, and a `Lost` for that item."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sender, function, items, seconds, megabytes), daemon=True)
    with _without_threads_of_opencv():
        child.start()
    sender.close()
    results: list[Any] = []
    try:
        while len(results) < len(items):
            if not receiver.poll(PATIENCE * seconds):
                return [*results, lost(TimeoutError(), seconds, megabytes)]
            results.append(_result(receiver.recv(), seconds, megabytes))
    except EOFError:
        child.join()
        results.append(lost(ProcessExpired("it ended", code=child.exitcode or 0), seconds, megabytes))  # type: ignore[no-untyped-call]
    finally:
        child.kill()
        child.join()
    return results


@contextmanager
def _without_threads_of_opencv() -> Iterator[None]:
    """Disable OpenCV's threads: a forked child has none of them, and would wait for them for ever."""
    cv2 = sys.modules.get("cv2")
    if cv2 is None:
        yield
        return
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _result(outcome: Any, seconds: float, megabytes: float) -> Any:
    if isinstance(outcome, DigitsError):
        raise outcome
    return lost(outcome, seconds, megabytes) if isinstance(outcome, Exception) else outcome


def _work(sender: Connection, function: ItemWork[Any, Any], items: Sequence[Any], seconds: float, megabytes: float) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    start_worker(megabytes)
    for item in items:
        sender.send(_outcome(function, item, seconds))


def _outcome(function: ItemWork[Any, Any], item: Any, seconds: float) -> Any:
    try:
        return timed(function, seconds, [item])[0]
    except Exception as error:  # as in a pool's worker: the error costs this item only
        return error
