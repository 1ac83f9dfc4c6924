"""The order in which threads hand their jobs to the worker processes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turns:
    """The order in which several callers hand their jobs to the processes, of which they take `most` at a time."""

    def __init__(self, most: int) -> None:
        self._most, self._running, self._ended = most, 0, False
        self._changed = threading.Condition()
        self._callers: list[tuple[bool, int]] = []
        self._numbers = itertools.count()

    @contextmanager
    def queue(self, finishing: bool) -> Iterator[Callable[[], None]]:
        """Stand in line, before all who are not `finishing`; yields a function that waits for the caller's turn."""
        with self._changed:
            me = not finishing, next(self._numbers)
            self._callers.append(me)
        try:
            yield lambda: self._wait(me)
        finally:
            with self._changed:
                self._callers.remove(me)
                self._changed.notify_all()

    def _wait(self, me: tuple[bool, int]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or (self._running < self._most and min(self._callers) == me))

    def begun(self) -> None:
        with self._changed:
            self._running += 1

    def over(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def end(self) -> None:
        """Let everybody go on, to be told that the processes are stopped."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
