"""Which doubtful numbers people are asked about: not about print on a page of handwriting, nor about words.

Such a number stays in the results, in the state `review`; only its digits have no reason for review, and so make no review item.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from digit_core.params import Writing
from digit_core.readings import Reading, Reason, State

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
