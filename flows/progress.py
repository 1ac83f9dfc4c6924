"""A window into a running flow for whoever started it in this process, such as the progress bar of the command line."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from flows.run_stats import Tally


@dataclass
class RunProgress:
    """`tally` counts what is finished, `pages_found` also pages whose batch is not; `listed` counts the objects to read."""

    tally: Tally = field(default_factory=Tally)
    pages_found: int = 0
    listed: int = 0
    all_listed: bool = False
    _reading_since: float = 0.0

    def count_pages(self, count: int) -> None:
        """Told by the flow of every page that was looked at."""
        self._reading_since = self._reading_since or time.monotonic()
        self.pages_found += count

    @property
    def seconds_reading(self) -> float:
        return max(time.monotonic() - self._reading_since, 1e-3)

    @property
    def pages_expected(self) -> int:
        """As many pages an object as the finished ones had."""
        share = self.tally.pages / self.tally.objects if self.tally.objects else 1.0
        return max(round(self.listed * share), self.pages_found)

    @property
    def seconds_left(self) -> float | None:
        """None as long as it cannot be told."""
        if not self.all_listed or not self.tally.objects:
            return None
        return (self.pages_expected - self.pages_found) * self.seconds_reading / self.pages_found


current: ContextVar[RunProgress | None] = ContextVar("current", default=None)
"""Set before the flow is called; the flow then counts into it."""
