"""Ditto marks that were read as the number 11: two written strokes, far shorter than the digits of their page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digit_core.recognition.transcription.fusion import FoundNumber

_SHORT = 0.7
"""Height of a ditto mark at most, as a share of the usual height of the page's digits."""

_PRINT = 0.5
"""Probability of print from which a short 11 is one of the form's own small figures."""

_DOUBT = 0.5
"""Greatest confidence in the marks of a number that may be a ditto mark."""


def usual_height(numbers: Sequence[FoundNumber]) -> float:
    """Return the median height of the digits of a page in pixels, without numbers that may be ditto marks; 0 where there is none.

    On a page that is full of ditto marks their strokes outnumber the digits.
    """
    boxes = [one.boxes for one in numbers if not _is_eleven(one) and len(one.boxes)]
    return float(np.median(_heights(np.concatenate(boxes)))) if boxes else 0.0


def may_be_ditto(number: FoundNumber, usual: float) -> bool:
    """Whether a number is two written strokes that are far shorter than digits of the usual height."""
    return _is_eleven(number) and number.printed < _PRINT and bool((_heights(number.boxes) < _SHORT * usual).all())


def ditto_doubted(numbers: Sequence[FoundNumber]) -> list[FoundNumber]:
    """Lower the confidence in the marks of numbers that may be ditto marks."""
    usual = usual_height(numbers)
    return [replace(one, marks=min(one.marks, _DOUBT)) if may_be_ditto(one, usual) else one for one in numbers]


def _is_eleven(number: FoundNumber) -> bool:
    return "".join(filter(str.isdigit, number.text)) == "11"


def _heights(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(boxes[:, 3] - boxes[:, 1], np.float32)
