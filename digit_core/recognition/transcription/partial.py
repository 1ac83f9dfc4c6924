"""Numbers that may be part of a longer one: ink as tall as their digits stands beside them, of a word or of a digit that was not
found (8 for 18)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.records import Grey

_NEAR, _OVER = 0.6, 0.4
"""Greatest distance of such ink from the number, and by how much it may reach into it, in heights of a digit."""

_LEAST, _MOST = 0.5, 2.6
"""Least and greatest height of such ink, in heights of a digit: less is a point, more a ruling or a stroke of another line."""

_ON_LINE = 0.45
"""Share of a digit's height in which such ink stands on its line."""

_THIN, _TALL = 0.12, 1.8
"""Ink of less than this width and more than this height, in heights of a digit, is a ruling."""

_OWN = 0.5
"""Share of its width within the number from which ink is the number's own."""


def may_be_part(ink: Grey, boxes: NDArray[np.float32]) -> bool:
    """Whether ink (height, width), 0 for paper, has something as tall as a digit close beside a number.

    boxes: (n, 4) left, top, right, bottom of its digits, from left to right.
    """
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    top, bottom = float(np.median(boxes[:, 1])), float(np.median(boxes[:, 3]))
    left, right = float(boxes[:, 0].min()), float(boxes[:, 2].max())
    reach = (_NEAR + _MOST) * height
    x0, y0 = max(0, int(left - reach)), max(0, int(top - _MOST * height))
    part = ink[y0 : int(bottom + _MOST * height) + 1, x0 : int(right + reach) + 1]
    if part.size == 0 or height < 1:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    x, y, w, h, _ = stats[1:].astype(np.float64).T
    x, y = x + x0, y + y0
    tall = (h >= _LEAST * height) & (h <= _MOST * height) & ~((w < _THIN * height) & (h > _TALL * height))
    on_line = np.minimum(y + h, bottom) - np.maximum(y, top) >= _ON_LINE * height
    own = np.minimum(x + w, right) - np.maximum(x, left) > _OWN * w
    gap = np.maximum(left - (x + w), x - right)
    near = (gap <= _NEAR * height) & (gap >= -_OVER * height)
    return bool((tall & on_line & ~own & near).any())
