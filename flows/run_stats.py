"""Counts of a run so far, for its progress bar, failure budget and summary."""

from __future__ import annotations

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from digit_core.errors import BudgetExceededError
from digit_core.readings import Reason, ReviewItem
from digit_core.results.drift import Distribution
from digit_core.results.manifest import BY_SUMS
from tasks.run_plan import Sealed

JUDGED_FROM = 20
"""Number of pages after which the failure budget is first checked; before, a share means little."""

FEWEST_FAILED = 3
"""Quarantined pages from which they are judged by their share: fewer are forgiven where as many were read."""

LOWER_THRESHOLD = 0.9
"""Threshold for which a run counts how many fewer numbers would wait for people."""

KEPT_FAILURES = 200
KEPT_ITEMS = 60


@dataclass(frozen=True)
class Quarantined:
    """A page that was not read; `page` counts from 1."""

    uri: str
    page: int
    reason: str
    message: str
    page_id: str = ""


@dataclass
class Tally:
    """Counts that grow batch by batch; `least_sure` and `failures` have a maximum length, however long the run."""

    started: float = field(default_factory=time.monotonic)
    objects: int = 0
    pages: int = 0
    quarantined: int = 0
    numbers: int = 0
    digits: int = 0
    to_review: int = 0
    asked_numbers: int = 0  # numbers of which at least one digit waits for a person, without audits
    asked_above_lower: int = 0  # of these, those that would be accepted at LOWER_THRESHOLD
    sums: Counter[str] = field(default_factory=Counter)  # pages without a certain form, and effects of the forms' sums
    example: str = ""  # uri of a page with numbers
    shape: Distribution = field(default_factory=Distribution)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[Quarantined] = field(default_factory=list)
    _unsure: list[tuple[float, str, ReviewItem]] = field(default_factory=list)

    def add(self, sealed: Sealed) -> None:
        """Count a batch."""
        for name in ("pages", "numbers", "digits", "to_review"):
            setattr(self, name, getattr(self, name) + sealed.counts[name])
        self.sums.update({name: sealed.counts.get(name, 0) for name in ("no_layout", "layout_off", *BY_SUMS)})
        self.example = self.example or sealed.example
        self.shape += sealed.shape
        for row in sealed.failures:
            self._add_failure(Quarantined(*row))
        for item in sealed.items:
            self._keep(item)
        self._count_asked(sealed.items)

    def _count_asked(self, items: Iterable[ReviewItem]) -> None:
        numbers: defaultdict[tuple[str, str], list[ReviewItem]] = defaultdict(list)
        for item in items:
            if item.reason != Reason.AUDIT:
                numbers[item.uri, item.number_id].append(item)
        self.asked_numbers += len(numbers)
        self.asked_above_lower += sum(all(map(_above_lower, number)) for number in numbers.values())

    def _add_failure(self, failure: Quarantined) -> None:
        self.quarantined += 1
        self.reasons[failure.reason] += 1
        if len(self.failures) < KEPT_FAILURES:
            self.failures.append(failure)

    def _keep(self, item: ReviewItem) -> None:
        """Keep the item once, even if its scan exists in several copies, whose digits have the same ids."""
        entry = (-item.top[0][1], item.item_id, item)
        if any(item_id == item.item_id for _, item_id, _ in self._unsure):
            return
        if len(self._unsure) < KEPT_ITEMS:
            heapq.heappush(self._unsure, entry)
        else:
            heapq.heappushpop(self._unsure, entry)

    @property
    def least_sure(self) -> list[ReviewItem]:
        """Return the digits of the run with the lowest confidence, lowest first."""
        return [item for _, _, item in sorted(self._unsure, key=lambda entry: entry[:2], reverse=True)]

    @property
    def read(self) -> int:
        return self.pages - self.quarantined

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def review_share(self) -> float:
        return self.to_review / self.digits if self.digits else 0.0

    def check_budget(self, max_failed: float, out: str, at_end: bool) -> None:
        """Check the failure budget. Raises BudgetExceededError when the share of quarantined pages is too high to continue.

        One or two do not count as a share of a few pages, unless none is allowed or fewer were read.
        """
        pages, failed = self.pages, self.quarantined
        if failed < FEWEST_FAILED and failed <= self.read and max_failed > 0:
            return
        if (at_end or pages >= JUDGED_FROM) and failed > max_failed * pages:
            raise BudgetExceededError(
                f"{failed} of {pages} pages were quarantined, more than the {max_failed:.0%} allowed "
                f"({self.commonest()}); {'all were tried, and' if at_end else 'the run was stopped;'} what was read is kept. "
                f"List them with `digits results {out} --state quarantined`; repair or remove them, or raise --max-failed, "
                "and run again"
            )

    def commonest(self, most: int = 3) -> str:
        """Format the most frequent reasons with their counts."""
        return ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common(most))


def _above_lower(item: ReviewItem) -> bool:
    return item.reason == Reason.LOW_CONFIDENCE and item.top[0][1] >= LOWER_THRESHOLD
