"""Scores: counts of pages, which add up, and the rates computed from them. digit_core.evaluation.scoring counts them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from digit_core.calibration.binomial import interval

CAVEAT = (
    "pages whose truth has no boxes: a number counts as found wherever on the page it was read, and an unlisted reading may be "
    "right even if the truth lacks it"
)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate: `count` out of `of`."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Return the rate; None where nothing was counted."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return Wilson's 95 % interval; (0, 1) where nothing was counted."""
        return interval(self.count, self.of, "wilson")

    def to_dict(self) -> dict[str, Any]:
        low, high = self.interval
        return {"count": self.count, "of": self.of, "rate": self.value, "low": low, "high": high}


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a page, which add up over pages. digit_core.evaluation.scoring defines each rate."""

    true_numbers: int = 0
    exact: int = 0
    matched: int = 0
    true_digits: int = 0  # of matched numbers
    right_digits: int = 0
    placed: int = 0  # readings that count on pages with boxes
    placed_exact: int = 0
    extras: int = 0  # readings that match no true number, on pages with boxes
    unlisted: int = 0  # the same on pages without boxes
    by_chance: float = 0.0  # of `exact`, those expected from random digits; on pages without boxes
    left_out: int = 0  # readings of uncertain numbers
    digits: int = 0
    to_review: int = 0
    accepted: int = 0
    accepted_wrong: int = 0
    accepted_digits: int = 0
    accepted_digits_wrong: int = 0
    marked: int = 0  # matched numbers with exactly their digits whose truth has marks
    marks_right: int = 0  # of these, the ones whose text or value agrees too

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def rates(self) -> dict[str, Rate]:
        return {
            "recall": Rate(self.exact, self.true_numbers),
            "precision": Rate(self.placed_exact, self.placed),
            "digit_accuracy": Rate(self.right_digits, self.true_digits),
            "review_share": Rate(self.to_review, self.digits),
            "accepted_number_error": Rate(self.accepted_wrong, self.accepted),
            "accepted_digit_error": Rate(self.accepted_digits_wrong, self.accepted_digits),
            "marks": Rate(self.marks_right, self.marked),
        }

    def to_dict(self) -> dict[str, Any]:
        return {"counts": asdict(self), "rates": {name: rate.to_dict() for name, rate in self.rates.items()}}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A certain true number that was not found exactly; `read` is '' where no reading matches it."""

    row: str
    column: str
    truth: str
    read: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class PageScore:
    """Counts of one page. `status`: "read", "quarantined", or "missing" where the results have no such page (`uri` "")."""

    name: str
    status: str
    uri: str
    boxes: bool
    counts: Counts
    mistakes: tuple[Mistake, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        head = {"name": self.name, "status": self.status, "file": self.uri, "boxes": self.boxes}
        return {**head, **self.counts.to_dict(), "mistakes": [asdict(mistake) for mistake in self.mistakes]}


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of all pages with truth, in the order of the truth."""

    pages: tuple[PageScore, ...]

    @property
    def total(self) -> Counts:
        return sum((page.counts for page in self.pages), Counts())

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(page.name for page in self.pages if page.status == "missing")

    def to_dict(self) -> dict[str, Any]:
        notes = [CAVEAT] if any(page.counts.by_chance for page in self.pages) else []
        pages = [page.to_dict() for page in self.pages]
        return {"total": self.total.to_dict(), "missing": list(self.missing), "notes": notes, "pages": pages}
