"""Points that neither network saw: small ink before, between or behind the digits of a number, which may be its decimal point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.numerics import percentile
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.records import Grey

_DOUBT = 0.5
"""Greatest confidence of marks beside ink that may be one more."""

_LEAST, _WIDEST, _HIGHEST = 0.07, 0.3, 0.42
"""Least side, greatest width and greatest height of a point, in heights of a digit."""

_BEFORE, _BEHIND = 1.0, 0.6
"""Reach to the left and to the right in which a point at either end may stand, in heights of a digit."""

_RAISED, _HANGING = 0.25, 0.25
"""Upper end of raised points, below the digits' tops; lower end of commas, below their feet; in heights of a digit."""

_INK = 0.5
"""Darkness of a point, as a share of the digits'."""

_ROW = 3
"""Number of specks that are a dotted ruling or dirt, not a point."""


def doubted(page: PreparedPage, number: FoundNumber) -> FoundNumber:
    """Lower the confidence in the marks of a number that is written without one where ink shows a point."""
    if not number.text.isdigit() or not len(number.boxes):
        return number
    return replace(number, marks=min(number.marks, _DOUBT)) if _has_loose_point(page.darkness, number.boxes) else number


def _has_loose_point(darkness: Grey, boxes: NDArray[np.float32]) -> bool:
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    level = _INK * ink_darkness(darkness, boxes)
    lefts, rights = boxes[:, 0], boxes[:, 2]
    before, behind = (lefts[0] - _BEFORE * height, lefts[0]), (rights[-1], rights[-1] + _BEHIND * height)
    gaps = [before, *zip(rights[:-1], lefts[1:], strict=True), behind]
    top, bottom = float(np.median(boxes[:, 1])) + _RAISED * height, float(np.median(boxes[:, 3])) + _HANGING * height
    return any(0 < _points(darkness, (left, top, right, bottom), height, level) < _ROW for left, right in gaps)


def ink_darkness(darkness: Grey, boxes: Iterable[Sequence[float] | NDArray[np.float32]]) -> float:
    """Return the darkness of the ink of digits with these boxes (left, top, right, bottom), 0 to 255."""
    parts = [darkness[max(0, int(t)) : int(b) + 1, max(0, int(left)) : int(right) + 1] for left, t, right, b in boxes]
    return float(np.median([percentile(part, 92) if part.size else 255.0 for part in parts]))


def _points(darkness: Grey, area: tuple[float, float, float, float], height: float, level: float) -> int:
    """Return how many specks lie within an area; ink that continues outside of it belongs to something else."""
    margin = round(_WIDEST * height)
    x0, y0, x1, y1 = (round(side) for side in area)
    left, top = max(0, x0 - margin), max(0, y0 - margin)
    part = darkness[top : max(top, y1 + margin), left : max(left, x1 + margin)]
    if part.size == 0:
        return 0
    _, _, stats, middles = cv2.connectedComponentsWithStats((part > level).astype(np.uint8), connectivity=8)
    x, y, w, h, size = stats[1:].T
    inside = (x > 0) & (y > 0) & (x + w < part.shape[1]) & (y + h < part.shape[0])
    cx, cy = middles[1:].T
    inside &= (cx > x0 - left) & (cx < x1 - left) & (cy > y0 - top) & (cy < y1 - top)
    small = (w <= _WIDEST * height) & (h <= _HIGHEST * height) & (size >= max(3.0, (_LEAST * height) ** 2))
    return int((inside & small).sum())
