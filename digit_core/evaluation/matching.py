"""Matching of readings to the true numbers of a page: one-to-one, and independent of the order of the rows.

Where the truth has boxes, place alone decides. A pair may match if the centre of one box lies in the other; of all one-to-one
matchings the one with the greatest sum of overlaps (intersection over union) is taken, and equal strings break a tie.

Where it has none, but the page was read with a layout whose cells have the truth's rows and columns, the cell decides.

Else text decides. First equal strings: as often as a string occurs on both sides, certain numbers before uncertain ones, and
accepted readings before others. Then the rest of both sides: a pair may match if its edit distance is at most half the true
number's digits; of all one-to-one matchings the one with the most agreeing digits (true digits minus edit distance) is taken. A
true number of one digit therefore matches exactly or not at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from digit_core.evaluation.ground_truth import TruthNumber
from digit_core.geometry import inside, iou
from digit_core.records import Box

Pairs = list[tuple[int, int]]
"""(index of the true number, index of the reading); each index occurs at most once."""

_TIE = 1e-9


class By(StrEnum):
    """Criterion by which readings are matched to true numbers."""

    PLACE = "place"
    CELL = "cell"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class NumberRead:
    """A number as read.

    parts: its digits left to right, each with "was accepted"; cell: row and column of its form, or the name of its zone and "";
    two empty names outside of a form; text: as written; value: value of the text.
    """

    digits: str
    accepted: bool
    confidence: float
    box: Box
    parts: tuple[tuple[str, bool], ...] = ()
    cell: tuple[str, str] = ("", "")
    text: str = ""
    value: float | None = None


def match(truth: Sequence[TruthNumber], readings: Sequence[NumberRead], by: By) -> Pairs:
    """Return pairs of indices (true number, reading), ascending; PLACE needs a box for every true number."""
    # sorting first makes the choice between equally good matchings independent of the order of rows
    t_order = sorted(range(len(truth)), key=lambda i: _truth_key(truth[i]))
    r_order = sorted(range(len(readings)), key=lambda i: _reading_key(readings[i]))
    decide = {By.PLACE: _match_places, By.CELL: _match_cells, By.TEXT: _match_texts}[by]
    pairs = decide([truth[i] for i in t_order], [readings[i] for i in r_order])
    return sorted((t_order[t], r_order[r]) for t, r in pairs)


def cell_of(truth: TruthNumber, cells: Collection[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the cell that a true number's row and column name; a zone is named by the row alone. None if the form has no such
    cell."""
    return next((cell for cell in ((truth.row, truth.column), (truth.row, "")) if cell in cells), None)


def _match_cells(truth: Sequence[TruthNumber], readings: Sequence[NumberRead]) -> Pairs:
    """Match by cell: each holds one number; of several grids with the same names the first reading counts."""
    there = {reading.cell: r for r, reading in reversed(list(enumerate(readings)))}
    named = ((t, cell_of(number, there)) for t, number in enumerate(truth))
    first = {cell: t for t, cell in reversed(list(named)) if cell is not None}
    return [(t, there[cell]) for cell, t in first.items()]


@lru_cache(maxsize=65536)
def align(truth: str, read: str) -> tuple[int, tuple[bool, ...]]:
    """Return the edit distance (Levenshtein 1966), and for each read digit whether a best alignment pairs it with an equal
    one."""
    best: list[tuple[int, tuple[bool, ...]]] = [(j, (False,) * j) for j in range(len(read) + 1)]
    for i, true_digit in enumerate(truth, start=1):
        above, best = best, [(i, ())]
        for j, digit in enumerate(read):
            same = digit == true_digit
            paired = above[j][0] + (not same), (*above[j][1], same)
            missed = above[j + 1][0] + 1, above[j + 1][1]
            added = best[j][0] + 1, (*best[j][1], False)
            best.append(min(paired, missed, added, key=lambda step: (step[0], -sum(step[1]))))
    return best[-1]


def exact_by_chance(true_texts: Iterable[str], lengths: Iterable[int]) -> float:
    """Return how many true numbers would be found exactly, on average, by readings of these lengths made of random digits.

    A text that occurs on the page m times is then found min(m, B) times; B, the number of equal readings, is binomial.
    """
    readings, expected = Counter(lengths), 0.0
    for text, times in sorted(Counter(true_texts).items()):
        n, chance = readings[len(text)], 0.1 ** len(text)
        exactly = [comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(times)]
        expected += sum(1 - sum(exactly[:k]) for k in range(1, times + 1))
    return expected


def overlap(one: Box, other: Box) -> float:
    """Compute the intersection over union, 0 to 1; 0 also where neither box contains the other's centre."""
    return iou(one, other) if inside(other.centre, one) or inside(one.centre, other) else 0.0


def _truth_key(number: TruthNumber) -> tuple[object, ...]:
    return number.digits, not number.certain, _sides(number.box), number.row, number.column


def _reading_key(reading: NumberRead) -> tuple[object, ...]:
    return reading.digits, not reading.accepted, -reading.confidence, _sides(reading.box), reading.parts


def _sides(box: Box | None) -> tuple[int, ...]:
    return () if box is None else (box.y, box.x, box.h, box.w)


def _match_places(truth: Sequence[TruthNumber], readings: Sequence[NumberRead]) -> Pairs:
    def weight(number: TruthNumber, reading: NumberRead) -> float:
        share = overlap(number.box, reading.box) if number.box else 0.0
        return share and share + _TIE * (number.digits == reading.digits)

    return _heaviest(truth, readings, weight)


def _match_texts(truth: Sequence[TruthNumber], readings: Sequence[NumberRead]) -> Pairs:
    pairs = _equal_strings(truth, readings)
    taken_truth, taken = {t for t, _ in pairs}, {r for _, r in pairs}
    t_left = [t for t in range(len(truth)) if t not in taken_truth]
    r_left = [r for r in range(len(readings)) if r not in taken]
    similar = _heaviest([truth[t] for t in t_left], [readings[r] for r in r_left], _agreeing)
    return pairs + [(t_left[t], r_left[r]) for t, r in similar]


def _equal_strings(truth: Sequence[TruthNumber], readings: Sequence[NumberRead]) -> Pairs:
    """Match equal strings. Both sides must be sorted by their keys: certain and accepted ones first among equal strings."""
    by_text: defaultdict[str, list[int]] = defaultdict(list)
    for index in reversed(range(len(readings))):
        by_text[readings[index].digits].append(index)
    return [(t, by_text[number.digits].pop()) for t, number in enumerate(truth) if by_text[number.digits]]


def _agreeing(number: TruthNumber, reading: NumberRead) -> float:
    distance, _ = align(number.digits, reading.digits)
    return float(len(number.digits) - distance) if 2 * distance <= len(number.digits) else 0.0


def _heaviest(
    truth: Sequence[TruthNumber], readings: Sequence[NumberRead], weight: Callable[[TruthNumber, NumberRead], float]
) -> Pairs:
    """Find the one-to-one matching with the greatest sum of weights; pairs of weight 0 are left out."""
    weights: NDArray[np.float64] = np.array([[weight(t, r) for r in readings] for t in truth], np.float64)
    if not weights.size:
        return []
    return [(int(t), int(r)) for t, r in zip(*linear_sum_assignment(weights, maximize=True), strict=True) if weights[t, r]]
