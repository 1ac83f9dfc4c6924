"""What is counted, the same for every reader.

Strips: a number is exact if all its digits and no others were read. Digit accuracy is 1 - edit distance / true digits, over
all strips. "Among the surest 70 %": the strips in the order of the reader's own confidence, the last 30 % left out.
Calibration error (ECE): ten bins of confidence of equal width; the mean distance between a bin's confidence and its share of
exact numbers, weighted by strips.

Pages: `digit_core.evaluation.matching` says which reading stands for which true number, as in `digits evaluate`: by place
where the truth has boxes, else by text, each true number used once. Uncertain true numbers and what stands for them are left
out. "By chance":
what random digits of the same lengths would have found, where the truth has no boxes; there the truth may leave out part of the
page, an extra reading may be right, and what is printed beside (days of a month) may pass for a number. Sure is a
number of ours that is accepted, and one of another reader from the same threshold on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.evaluation import matching
from digit_core.evaluation.ground_truth import PageTruth
from digit_core.evaluation.matching import By, exact_by_chance, match
from digit_core.geometry import inside
from tests.benchmarks.accuracy.readers import NumberRead

BINS = 10
SHARES = (0.9, 0.7, 0.5, 0.3)


@dataclass(frozen=True, slots=True)
class Time:
    """From pixels to digits: seconds on the wall's clock, and of processor, all cores together."""

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class StripRead:
    """One strip as one reader read it."""

    truth: str
    digits: str
    confidence: float
    time: Time

    @property
    def exact(self) -> bool:
        return self.digits == self.truth


@dataclass(frozen=True, slots=True, eq=False)
class PageCase:
    """A page to read, uint8 grey, and what stands on it; None where nothing handwritten does."""

    name: str
    pixels: NDArray[np.uint8]
    truth: PageTruth | None


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page as one reader read it: `stands_for` gives for each reading the true number it stands for, or None."""

    case: PageCase
    readings: tuple[NumberRead, ...]
    stands_for: tuple[int | None, ...]
    time: Time

    @staticmethod
    def of(case: PageCase, readings: Sequence[NumberRead], time: Time) -> PageRead:
        stands_for: list[int | None] = [None] * len(readings)
        if case.truth is not None:
            rows = [matching.NumberRead(one.digits, one.sure, one.confidence, one.box) for one in readings]
            for true, read in match(case.truth.numbers, rows, By.PLACE if case.truth.boxes else By.TEXT):
                stands_for[read] = true
        return PageRead(case, tuple(readings), tuple(stands_for), time)

    def verdict(self, reading: int) -> str:
        """ "found", "misread" (stands for a true number and is another), "extra" (for none) or "left out" (an uncertain one)."""
        true = self.stands_for[reading]
        if true is None or self.case.truth is None:
            return "extra"
        number = self.case.truth.numbers[true]
        if not number.certain:
            return "left out"
        return "found" if number.digits == self.readings[reading].digits else "misread"

    def missed(self) -> list[int]:
        """The certain true numbers that were not found with exactly their digits."""
        found = {self.stands_for[index] for index in range(len(self.readings)) if self.verdict(index) == "found"}
        numbers = self.case.truth.numbers if self.case.truth else ()
        return [index for index, number in enumerate(numbers) if number.certain and index not in found]


@dataclass(frozen=True, slots=True)
class PageCount:
    """A page in numbers. `by_chance`: how many random digits of the same lengths would have found; None with boxes."""

    true: int
    found: int
    misread: int
    extra: int
    by_chance: float | None
    sure: int
    sure_misread: int
    sure_extra: int


def count_page(read: PageRead) -> PageCount:
    verdicts = Counter(read.verdict(index) for index in range(len(read.readings)))
    sure = Counter(read.verdict(index) for index, one in enumerate(read.readings) if one.sure)
    texts = [number.digits for number in read.case.truth.numbers if number.certain] if read.case.truth else []
    lengths = [len(one.digits) for index, one in enumerate(read.readings) if read.verdict(index) != "left out"]
    placed = read.case.truth is None or read.case.truth.boxes
    return PageCount(
        len(texts),
        verdicts["found"],
        verdicts["misread"],
        verdicts["extra"],
        None if placed else exact_by_chance(texts, lengths),
        sure.total() - sure["left out"],
        sure["misread"],
        sure["extra"],
    )


def seconded(read: PageRead, others: Sequence[PageRead]) -> int:
    """How many of the sure readings another reader read as well, with the same digits in the same place."""
    witnesses = [one for other in others for one in other.readings]
    return sum(
        any(one.digits in witness.digits and inside(one.box.centre, witness.box) for witness in witnesses)
        for one in read.readings
        if one.sure
    )


def digit_accuracy(reads: Sequence[StripRead]) -> float:
    return 1 - sum(edit_distance(read.truth, read.digits) for read in reads) / sum(len(read.truth) for read in reads)


def edit_distance(truth: str, read: str) -> int:
    return sum(kind != "same" for kind, _, _ in alignment(truth, read))


def error_among(reads: Sequence[StripRead], share: float) -> float:
    """The share of numbers not exact among the surest `share` of the strips."""
    surest = sorted(reads, key=lambda read: -read.confidence)[: max(1, round(share * len(reads)))]
    return sum(not read.exact for read in surest) / len(surest)


def calibration_error(reads: Sequence[StripRead]) -> float:
    confidence = np.array([read.confidence for read in reads])
    exact = np.array([read.exact for read in reads], float)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs((confidence - exact)[bins == one].sum()) for one in range(BINS)]
    return float(sum(gaps) / len(reads))


Step = tuple[str, str, str]
"""("same" | "confused" | "missed" | "added", true digit or "", read digit or "")"""


def alignment(truth: str, read: str) -> list[Step]:
    """The steps of a shortest edit (Levenshtein 1966) from the truth to the reading, left to right; of equals the one with
    the most digits the same."""
    best: list[list[tuple[int, int, list[Step]]]] = [[(0, 0, [])]]
    for j, digit in enumerate(read, start=1):
        best[0].append((j, 0, [*best[0][-1][2], ("added", "", digit)]))
    for true in truth:
        above = best[-1]
        row = [(above[0][0] + 1, 0, [*above[0][2], ("missed", true, "")])]
        for j, digit in enumerate(read, start=1):
            same = true == digit
            cost, kept, steps = above[j - 1]
            paired = cost + (not same), kept - same, [*steps, ("same" if same else "confused", true, digit)]
            cost, kept, steps = above[j]
            missed = cost + 1, kept, [*steps, ("missed", true, "")]
            cost, kept, steps = row[j - 1]
            added = cost + 1, kept, [*steps, ("added", "", digit)]
            row.append(min(paired, missed, added, key=lambda step: step[:2]))
        best.append(row)
    return best[-1][-1][2]


def mistakes(truth: str, read: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Mistakes by kind, and each confusion (true digit, read digit).

    "confused" digit for digit; "missed" and "added" alone; "merged": a confused digit beside a missed one, two digits read as
    one; "split": a confused digit beside an added one, one digit read as two.
    """
    kinds: Counter[str] = Counter()
    confusions: Counter[tuple[str, str]] = Counter()
    steps, at = alignment(truth, read), 0
    while at < len(steps):
        pair = {kind for kind, _, _ in steps[at : at + 2]}
        joined = "merged" if pair == {"confused", "missed"} else "split" if pair == {"confused", "added"} else ""
        kind, true, digit = steps[at]
        if joined or kind != "same":
            kinds[joined or kind] += 1
        if kind == "confused" and not joined:
            confusions[true, digit] += 1
        at += 2 if joined else 1
    return kinds, confusions
