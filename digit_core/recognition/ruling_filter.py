"""Filter of rulings that were detected as a 1: narrow, upright, and part of a longer line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.recognition.detections import Characters
from digit_core.records import Grey

_NARROW = 0.5
"""Greatest width of a checked character, as a share of its height."""

_STRAIGHT, _UPRIGHT = 0.02, 0.05
"""Shares of the height: greatest deviation of a ruling's middle from row to row, and greatest lean over its height."""

_AT_EDGE = 0.3
"""Share of the height: greatest distance of a ruling's middle from the edge of its cell."""

_RULED = 0.8
"""Least share of the way from above to below the character on which a ruling is found."""


def not_rulings(found: Characters, darkness: Grey, maps: LineMaps) -> Characters:
    """Drop the narrow characters that are part of a line: their ink continues both above and below, or is straighter than
    handwriting where the page has a ruling."""
    narrow = (found.boxes[:, 2] - found.boxes[:, 0]) < _NARROW * (found.boxes[:, 3] - found.boxes[:, 1])
    pairs = zip(narrow, found.boxes, strict=True)
    piece = [bool(thin) and (_runs_on(box, darkness) or _is_ruled(box, darkness, maps)) for thin, box in pairs]
    return found.chosen(~np.array(piece, bool))


def beside_edges(found: Characters, darkness: Grey, edges: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell whether each character, (n,), is the ruling at the edge of its cell, however short or faint: narrow, straight, at the
    edge.

    edges: (n, 2) x of the left and the right edge at the height of each character, in pixels of the page.
    """
    boxes = found.boxes
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    away = np.abs((boxes[:, 0] + boxes[:, 2])[:, None] / 2 - edges).min(axis=1)
    likely = (width < _NARROW * height) & (away < _AT_EDGE * height)
    return np.array([bool(maybe) and _is_straight(box, darkness) for maybe, box in zip(likely, boxes, strict=True)], bool)


def _runs_on(box: NDArray[np.float32], darkness: Grey) -> bool:
    left, top, right, bottom = (max(0, round(float(v))) for v in box)
    reach = max(4, round(0.4 * (bottom - top)))
    columns = darkness[:, max(0, left - 2) : right + 2]
    inside = columns[top:bottom].max(axis=1, initial=0)
    if top < reach or bottom + reach > len(darkness) or not inside.size:
        return False
    level = 0.5 * float(np.median(inside))
    beyond = columns[top - reach : top], columns[bottom : bottom + reach]
    return level > 8 and all(float((part.max(axis=1, initial=0) > level).mean()) > 0.8 for part in beyond)


def _is_ruled(box: NDArray[np.float32], darkness: Grey, maps: LineMaps) -> bool:
    """Whether a ruling of the page, even faint or broken, goes through the box, and the box has nothing else."""
    left, top, right, bottom = (float(v) for v in box * maps.scale)
    beyond = 0.4 * (bottom - top)
    low, high = max(0, round(top - beyond)), round(bottom + beyond) + 1
    way = maps.down[low:high, max(0, round(left) - 1) : round(right) + 2]
    return bool(way.size) and float((way.max(axis=1) > 0).mean()) >= _RULED and _is_straight(box, darkness)


def _is_straight(box: NDArray[np.float32], darkness: Grey) -> bool:
    """Whether the middle of the ink follows one upright line from the top of the box to its bottom."""
    left, top, right, bottom = (max(0, int(v)) for v in box)
    part = darkness[top:bottom, max(0, left - 3) : right + 3].astype(np.float32)
    part[part < 0.3 * part.max(initial=0.0)] = 0
    inked = np.flatnonzero(part.any(axis=1))
    if len(inked) < 0.5 * (bottom - top):
        return False
    middles = (part[inked] * np.arange(part.shape[1])).sum(axis=1) / part[inked].sum(axis=1)
    lean, start = np.polyfit(inked, middles, 1)
    strays = float(np.std(middles - lean * inked - start))
    return abs(float(lean)) <= _UPRIGHT and strays <= max(0.7, _STRAIGHT * (bottom - top))
