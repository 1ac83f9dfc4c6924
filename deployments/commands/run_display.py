"""Progress display of a run: a bar on a terminal, elsewhere one line every few seconds."""

from __future__ import annotations

import threading
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from flows.progress import RunProgress

EVERY_ON_TERMINAL = 0.25  # seconds
EVERY_IN_LOG = 5.0


class Display:
    """Context that shows `progress` on `stream`."""

    def __init__(self, progress: RunProgress, stream: TextIO) -> None:
        self._progress = progress
        self._console = Console(file=stream)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._bar if self._console.is_terminal else self._lines, daemon=True)

    def __enter__(self) -> Display:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _bar(self) -> None:
        columns = BarColumn(), TextColumn("{task.description}")
        with Bar(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("starting", total=None)
            while not self._over.wait(EVERY_ON_TERMINAL):
                expected = self._progress.pages_expected
                done = self._progress.pages_found
                bar.update(task, description=line(self._progress), total=expected, completed=done)

    def _lines(self) -> None:
        said = ""
        while not self._over.wait(EVERY_IN_LOG):
            if (now := line(self._progress)) != said:
                self._console.print(now, soft_wrap=True, highlight=False)
                said = now


def line(progress: RunProgress) -> str:
    """Format the state of a run as one line."""
    if not progress.pages_found:
        return "starting"
    tally = progress.tally
    parts = [
        f"{progress.pages_found:,} of {_expected(progress)} pages",
        f"{_speed(progress.pages_per_second)} pages/s",
        *([f"{progress.digits_per_second:,.0f} digits/s"] if tally.pages else []),  # known once a batch is finished
        *([f"{tally.review_share:.1%} to review"] if tally.digits else []),
        *([f"{tally.quarantined} quarantined"] if tally.quarantined else []),
        *([f"{duration(progress.seconds_left)} left"] if progress.seconds_left is not None else []),
    ]
    return ", ".join(parts)


def _speed(per_second: float) -> str:
    return f"{per_second:.1f}" if per_second >= 1 else f"{per_second:.2g}"


def _expected(progress: RunProgress) -> str:
    mark = "" if progress.all_listed else "more than "
    return f"{mark}{progress.pages_expected:,}"


def duration(seconds: float) -> str:
    """Format seconds as '45 s', '12 min' or '3 h 05 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
