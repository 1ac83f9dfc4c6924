"""Points and commas of a known text, found by their ink: small, and low between two digits."""

from __future__ import annotations

import cv2
import numpy as np

from digit_core.recognition.transcription.loose_points import ink_darkness
from digit_core.records import Grey

Corners = tuple[float, float, float, float]
"""left, top, right, bottom in pixels."""

_INK = 0.45
"""Share of the digits' darkness from which something is ink."""

_WIDEST, _HIGHEST, _LEAST = 0.4, 0.55, 0.05
"""Shares of a figure's height: greatest width and height of a point or comma, and the side of the smallest one."""

_LOWER = 0.35
"""Share of a figure's height, from its top, above which there is no point."""


def point_between(pixels: Grey, before: Corners | None, after: Corners | None) -> Corners | None:
    """Return the box of a point or comma between the digits `before` and `after` (one of them may be missing); None if there is
    none, or more than one candidate.

    pixels: darkness, uint8.
    """
    digits = [box for box in (before, after) if box is not None]
    top, bottom = min(box[1] for box in digits), max(box[3] for box in digits)
    height = bottom - top
    left = before[2] - 0.1 * height if before is not None else digits[0][0] - 0.7 * height
    right = after[0] + 0.1 * height if after is not None else digits[-1][2] + 0.7 * height
    x0, y0 = max(0, round(left)), max(0, round(top + _LOWER * height))
    part = pixels[y0 : max(y0, round(bottom + 0.3 * height)), x0 : max(x0, round(right))]
    if part.size == 0 or min(part.shape) < 3:
        return None
    return _one_spot(part, _INK * ink_darkness(pixels, digits), height, x0, y0)


def _one_spot(part: Grey, level: float, height: float, x0: int, y0: int) -> Corners | None:
    ink = (part > max(level, 20.0)).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, w, h, area = stats[1:].T
    aside = (x > 0) & (x + w < part.shape[1])  # ink that continues at the side is a digit's stroke
    small = (w <= _WIDEST * height) & (h <= _HIGHEST * height) & (area >= (_LEAST * height) ** 2)
    spots = np.flatnonzero(aside & small)
    if not len(spots):
        return None
    spots = spots[np.argsort(-area[spots])]
    if len(spots) > 1 and area[spots[1]] > 0.6 * area[spots[0]]:
        return None
    i = spots[0]
    return float(x0 + x[i]), float(y0 + y[i]), float(x0 + x[i] + w[i]), float(y0 + y[i] + h[i])
