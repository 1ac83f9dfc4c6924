"""Legibility of a page's numbers in one direction: the columns see upright numbers far better than rotated ones or words.

And which of its doubtful numbers people are asked about: not about print on a page of handwriting, nor about words. Such a number
stays in the results, in the state `review`; only its digits have no reason for review, and so make no review item.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from digit_core.params import Writing
from digit_core.readings import Reading, Reason, State

_PLAIN = 8.0
"""Log odds per digit of a clear number: most upright digits have more, most rotated ones less."""

_SURE, _SURE_AT_LEAST = 1.5, 20.0
"""Evidence per digit on the page, and in total, from which the page certainly lies as it was read: real pages read upside down
have at most 0.2 per digit, most of them none; a clean synthetic ledger has 0.9 upside down and 4.5 upright."""

_SIDEWAYS, _SIDEWAYS_AT_LEAST = 0.25, 3.0
"""The same, below which it may lie sideways: real pages read so have hardly any, but upside down more digits look like others."""

_BETTER, _BETTER_EACH = 1.5, 0.08
"""Factor of evidence, and evidence per digit, that a direction needs to be the better one."""

_NONE = 0.25
"""Greatest evidence per digit of a page with hardly any upright number."""


@dataclass(frozen=True, slots=True)
class Legibility:
    """Evidence that numbers are upright: log odds above the plain level, of all numbers (`all`) and of those with two or more
    digits (`clear`: a lone 0, 1 or 8 looks the same rotated); `digits`: their number."""

    all: float
    clear: float
    digits: int

    @property
    def sure(self) -> bool:
        """Whether no other direction needs to be tried."""
        return self.clear >= _SURE * self.digits + _SURE_AT_LEAST

    @property
    def maybe_sideways(self) -> bool:
        return self.clear < _SIDEWAYS * self.digits + _SIDEWAYS_AT_LEAST

    @property
    def none(self) -> bool:
        """Whether digits were read, but hardly any of them as a number that stands upright."""
        return self.all < _NONE * self.digits

    def beats(self, other: Legibility, by: float) -> bool:
        """Whether this direction is clearly the better one."""
        return self.clear >= _BETTER * other.all + by and self.clear >= _BETTER_EACH * self.digits


def legibility_of(numbers: Iterable[tuple[float, int]]) -> Legibility:
    """Sum up numbers, each given as (log odds that its columns see it, number of its digits)."""
    pairs = np.array(list(numbers), np.float64).reshape(-1, 2)
    seen, digits = pairs[:, 0], pairs[:, 1]
    beyond = np.maximum(seen - _PLAIN * digits, 0)
    return Legibility(float(beyond.sum()), float(beyond[digits > 1].sum()), int(digits.sum()))


_PLAINLY = 0.9
"""Probability of print, or of handwriting, from which a number counts as plainly the one or the other."""

_FEWEST_WRITTEN = 10
"""Plainly handwritten numbers from which a page may count as one of handwriting."""

_HARDLY = 0.5
"""Confidence below which a number in which the second reader sees no digit is a word."""


def only_of_interest(readings: Iterable[Reading], writing: Writing, cells_count: bool) -> tuple[Reading, ...]:
    """Return the readings of a page, those without interest with no question about them.

    With Writing.AUTO alone; the others ask about all that they read. cells_count: whether a cell is one of a layout, which says
    itself what is of interest.
    """
    readings = tuple(readings)
    if writing is not Writing.AUTO:
        return readings
    written = _is_handwriting(readings)
    return tuple(
        _unasked(one) if not (cells_count and one.cell) and (_is_a_word(one) or (written and one.printed > _PLAINLY)) else one
        for one in readings
    )


def _is_handwriting(readings: Iterable[Reading]) -> bool:
    """Whether the page is plainly one of handwriting, which may stand on a printed form."""
    printed = [one.printed for one in readings if one.digits]
    by_hand = sum(share < 1 - _PLAINLY for share in printed)
    return by_hand >= _FEWEST_WRITTEN and by_hand > sum(share > _PLAINLY for share in printed)


def _is_a_word(reading: Reading) -> bool:
    return reading.second == "" and reading.confidence < _HARDLY


def _unasked(reading: Reading) -> Reading:
    """Remove the reasons for review, but for an audit."""
    if reading.state is not State.REVIEW:
        return reading
    parts = tuple(replace(part, reason=part.reason if part.reason == Reason.AUDIT else "") for part in reading.parts)
    return replace(reading, parts=parts)
