"""Views of a strip: as it is, and without the pattern of its paper. The reading of higher confidence counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from digit_core.imaging.pattern import paper_darkness, without_pattern
from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.reader import Reader
from digit_core.recognition.numbers import find_number
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.records import NOT_A_DIGIT

_PATTERNED = 0.12
"""Darkness of the paper, as a share of the ink's, from which a strip is also read without its paper."""

ReadView = tuple[PreparedPage, FoundNumber]


def find_in_views(strip: PreparedPage, reader: Reader) -> ReadView | None:
    """Return the one number of a strip, and the view that it was read in; None if there is none.

    Where two views have different digits, the certainty is scaled by this reading's share of both probabilities.
    """
    found = [one for view in _views(strip) if (one := find_number(view, reader)) is not None]
    if not found:
        return None
    best = max(found, key=lambda one: _sureness(one[1]))
    view, number = best
    mine = _sureness(number)
    against = max((_sureness(other) for _, other in found if _digits(other) != _digits(number)), default=0.0)
    return view, replace(number, certainty=number.certainty * mine / max(mine + against, 1e-9))


def _views(strip: PreparedPage) -> Iterator[PreparedPage]:
    yield strip
    if paper_darkness(strip.darkness) > _PATTERNED:
        yield replace(strip, darkness=without_pattern(strip.darkness))


def _digits(number: FoundNumber) -> list[int]:
    return [int(digit) for digit in number.evidence[:, :NOT_A_DIGIT].argmax(axis=1)]


def _sureness(number: FoundNumber) -> float:
    """Return the probability of all its digits, before any classifier."""
    return number.certainty * float(np.prod(number.evidence[:, :NOT_A_DIGIT].max(axis=1)))
