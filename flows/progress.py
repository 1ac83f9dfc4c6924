"""Progress of a running flow, for the process that started it, such as the command line's progress bar."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from flows.run_stats import Tally


@dataclass
class RunProgress:
    """Progress of a run.

    `tally` counts finished batches, `pages_found` also the pages of unfinished ones; `listed` counts the objects to read,
    `opened` those whose pages were counted, `pages_in` these pages.
    """

    tally: Tally = field(default_factory=Tally)
    pages_found: int = 0
    listed: int = 0
    all_listed: bool = False
    opened: int = 0
    pages_in: int = 0
    _reading_since: float = 0.0

    def begin(self) -> None:
        """Mark the beginning of the reading, once."""
        self._reading_since = self._reading_since or time.monotonic()

    def count_opened(self, objects: int, pages: int) -> None:
        """Count objects whose pages are known."""
        self.opened += objects
        self.pages_in += pages

    def count_pages(self, count: int) -> None:
        """Count pages that were decoded and searched; called by the flow."""
        self.begin()
        self.pages_found += count

    def count_group(self, objects: int, pages: int) -> None:
        """Count a group of objects that was read elsewhere."""
        self.count_opened(objects, pages)
        self.count_pages(pages)

    @property
    def seconds_reading(self) -> float:
        return max(time.monotonic() - self._reading_since, 1e-3) if self._reading_since else 0.0

    @property
    def pages_per_second(self) -> float:
        return self.pages_found / self.seconds_reading if self.pages_found else 0.0

    @property
    def digits_per_second(self) -> float:
        """Estimate the speed in digits from the sealed pages, which have as many each as the others, as far as is known."""
        return self.pages_per_second * self.tally.digits / self.tally.pages if self.tally.pages else 0.0

    @property
    def pages_expected(self) -> int:
        """Estimate the number of pages from the opened objects' pages per object."""
        share = self.pages_in / self.opened if self.opened else 1.0
        return max(round(self.listed * share), self.pages_found)

    @property
    def seconds_left(self) -> float | None:
        """Estimate the seconds left; None while unknown."""
        if not self.all_listed or not self.pages_found:
            return None
        return (self.pages_expected - self.pages_found) / self.pages_per_second


current: ContextVar[RunProgress | None] = ContextVar("current", default=None)
"""Progress of the running flow; set before the flow is called, which counts into it."""
