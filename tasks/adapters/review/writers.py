"""Threads that write to the review database for many callers, who get futures: no thread waits for its turn.

SQLite has one writer at a time anyway, and each commit waits for the disk: what came meanwhile is written as one transaction,
each job in a savepoint of its own. PostgreSQL orders its writers itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from digit_core.errors import QueueError
from tasks.adapters.review.database import Database

MOST_TOGETHER = 64
"""Jobs in one transaction; the first of them waits for all."""

ON_POSTGRESQL = 8
"""Threads, each with a connection."""

Result = TypeVar("Result")
_Waiting = tuple[Callable[[], Any], Future[Any]]


class Writers:
    """Writer threads, started with the first job and ended by `close`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._most = MOST_TOGETHER if database.is_sqlite else 1

    def write(self, job: Callable[[], Result]) -> Future[Result]:
        """Run the job; the future has its result or error once it is on disk. It may be called twice, the first time undone."""
        done: Future[Result] = Future()
        with self._starting:
            if not self._threads:
                number = 1 if self._database.is_sqlite else ON_POSTGRESQL
                self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(number)]
                for thread in self._threads:
                    thread.start()
        self._jobs.put((job, done))
        return done

    def close(self) -> None:
        """Write all waiting jobs, then end the threads."""
        with self._starting:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        while True:
            waiting, ended = self._next()
            if len(waiting) == 1 or not self._written_together(waiting):
                for job, done in waiting:
                    _finish(done, *_outcome(job))
            if ended:
                return

    def _next(self) -> tuple[list[_Waiting], bool]:
        """Return the waiting jobs, and whether there will be no more."""
        found: list[_Waiting] = []
        try:
            entry = self._jobs.get()
            while entry is not None:
                found.append(entry)
                if len(found) == self._most:
                    return found, False
                entry = self._jobs.get_nowait()
        except Empty:
            return found, False
        return found, True

    def _written_together(self, waiting: list[_Waiting]) -> bool:
        """Run the jobs in one transaction; return whether all have their outcome. If it cannot begin, all get its error."""
        outcomes: list[tuple[Any, Exception | None]] = []
        try:
            with self._database.together():
                outcomes = [_outcome(job) for job, _ in waiting]
        except QueueError as error:
            if outcomes:
                return False
            outcomes = [(None, error)] * len(waiting)
        for (_, done), outcome in zip(waiting, outcomes, strict=True):
            _finish(done, *outcome)
        return True


def _outcome(job: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return job(), None
    except Exception as error:  # it is for whoever asked, whatever it is
        return None, error


def _finish(done: Future[Any], result: Any, error: Exception | None) -> None:
    if not done.set_running_or_notify_cancel():  # whoever asked has gone
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
