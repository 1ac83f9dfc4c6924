"""Progress of a running flow, for the process that started it, such as the command line's progress bar."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from flows.run_stats import Tally


@dataclass
class RunProgress:
    """Progress of a run.

    `tally` counts finished batches, `pages_found` also the pages of unfinished ones; `listed` counts the objects to read.
    """

    tally: Tally = field(default_factory=Tally)
    pages_found: int = 0
    listed: int = 0
    all_listed: bool = False
    _reading_since: float = 0.0

    def count_pages(self, count: int) -> None:
        """Count pages that were decoded and searched; called by the flow."""
        self._reading_since = self._reading_since or time.monotonic()
        self.pages_found += count

    @property
    def seconds_reading(self) -> float:
        return max(time.monotonic() - self._reading_since, 1e-3)

    @property
    def pages_expected(self) -> int:
        """Estimate the number of pages from the finished objects' pages per object."""
        share = self.tally.pages / self.tally.objects if self.tally.objects else 1.0
        return max(round(self.listed * share), self.pages_found)

    @property
    def seconds_left(self) -> float | None:
        """Estimate the seconds left; None while unknown."""
        if not self.all_listed or not self.tally.objects:
            return None
        return (self.pages_expected - self.pages_found) * self.seconds_reading / self.pages_found


current: ContextVar[RunProgress | None] = ContextVar("current", default=None)
"""Progress of the running flow; set before the flow is called, which counts into it."""
