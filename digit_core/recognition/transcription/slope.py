"""The slope of a number's line: people write uphill and downhill, and a strip holds a level line only."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import Original, PreparedPage
from digit_core.inference.network_spec import DIGITS
from digit_core.recognition.detections import Characters

_ON_LINE = 0.6
"""Share of the lower one's height: overlap from which two characters stand on one line."""

_STEEPEST = 0.5
_SLOPES = np.array(sorted(np.linspace(-0.4, 0.4, 33), key=abs))
_ONE_MORE = 0.6
"""Ink that a steeper line must have more than a less steep one, in digits: nearly that of one more."""

_LIKE_A_DIGIT = 0.55, 1.5
"""Heights of ink that may be a digit, in heights of the digits found."""

_NEAR = 1.6
"""Greatest gap to such ink, in heights of a digit."""

LEVEL = 0.05
"""Greatest slope of a line that counts as level."""


def main_line(found: Characters, slope: float = 0.0) -> Characters:
    """Return the characters on the line of the most probable digits, without what hangs in from the rows above and below.

    Characters are on one line if their heights overlap by most of the lower one: a 9 or a 7 may hang far below the others.
    slope: of the line, in pixels down per pixel to the right.
    """
    if not (found.best < DIGITS).any():
        return found
    beside, support = _lines(found, slope)
    return found.chosen(beside[:, int(np.argmax(support))])


def slope_of(found: Characters) -> float:
    """Return the slope at which most digits stand on one line, in pixels down per pixel to the right; 0 where a level line has
    nearly as many."""
    digits = found.best < DIGITS
    if int(digits.sum()) < 3:
        return 0.0
    more = _ONE_MORE * float(np.median(_ink(found)[digits]))
    best, most = 0.0, float(_lines(found, 0.0)[1].max())
    for slope in _SLOPES[1:].tolist():
        support = float(_lines(found, slope)[1].max())
        if support > most + more:
            best, most = slope, support
    return _fitted(main_line(found, best)) if best else 0.0


def _fitted(line: Characters) -> float:
    """Return the slope of the straight line through the middles of these digits (least squares)."""
    boxes = line.boxes[line.best < DIGITS]
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    return float(np.clip(np.polyfit(x, y, 1)[0], -_STEEPEST, _STEEPEST))


def _lines(found: Characters, slope: float) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which characters (n) stand on the line of each digit (m), shape (n, m), and the ink of the digits there, (m,)."""
    digits = np.flatnonzero(found.best < DIGITS)
    fall = slope * (found.boxes[:, 0] + found.boxes[:, 2]) / 2
    top, bottom = found.boxes[:, 1] - fall, found.boxes[:, 3] - fall
    height = _heights(found)
    common = np.minimum(bottom[:, None], bottom[digits]) - np.maximum(top[:, None], top[digits])
    beside = common >= _ON_LINE * np.minimum(height[:, None], height[digits])
    return beside, np.asarray((beside[digits] * _ink(found)[digits, None]).sum(axis=0), np.float32)


def _heights(found: Characters) -> NDArray[np.float32]:
    return np.asarray(np.maximum(found.boxes[:, 3] - found.boxes[:, 1], 1e-3), np.float32)


def _ink(found: Characters) -> NDArray[np.float32]:
    """Return what each character counts for, (n,): its height, as far as it is one."""
    return np.asarray(found.scores * _heights(found), np.float32)


def levelled(page: PreparedPage, slope: float) -> PreparedPage:
    """Return the page with lines of this slope level: each column moved up or down, its figures as upright as before."""
    height, width = page.darkness.shape
    fall = slope * width
    shear = np.array([[1, 0, 0], [-slope, 1, max(0.0, fall)]])
    size = width, height + int(np.ceil(abs(fall)))
    darkness, ink, rulings = (
        np.asarray(cv2.warpAffine(one, shear, size, flags=flags), np.uint8)
        for one, flags in ((page.darkness, cv2.INTER_LINEAR), (page.ink, cv2.INTER_NEAREST), (page.rulings_v, cv2.INTER_NEAREST))
    )
    back = np.asarray(cv2.invertAffineTransform(shear), np.float64)
    original = page.original and Original(page.original.pixels, _after(page.original.affine, back))
    return replace(page, darkness=darkness, ink=ink, rulings_v=rulings, to_scan=_after(page.to_scan, back), original=original)


def _after(outer: NDArray[np.float64], inner: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the affine map that applies `inner`, then `outer`."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def ink_beside(page: PreparedPage, digits: Characters) -> NDArray[np.float32]:
    """Return boxes (n, 4) of ink that continues the line of these digits to the left or right, as high as a digit.

    The detector misses digits; the strip reader, which sees the whole strip, may read them. Ink that the picture's edge cuts off
    is left out: it belongs to a neighbour.
    """
    top, bottom = float(np.median(digits.boxes[:, 1])), float(np.median(digits.boxes[:, 3]))
    left, right, high = float(digits.boxes[:, 0].min()), float(digits.boxes[:, 2].max()), bottom - top
    stats = cv2.connectedComponentsWithStats(page.ink, connectivity=8)[2][1:].astype(np.float32)
    boxes = np.column_stack([stats[:, :2], stats[:, :2] + stats[:, 2:4]])
    tall, wide = stats[:, 3], stats[:, 2]
    common = np.minimum(boxes[:, 3], bottom) - np.maximum(boxes[:, 1], top)
    whole = (boxes[:, 0] > 1) & (boxes[:, 2] < page.ink.shape[1] - 1)
    fits = (
        (tall > _LIKE_A_DIGIT[0] * high)
        & (tall < _LIKE_A_DIGIT[1] * high)
        & (wide < 2 * high)
        & (common > _ON_LINE * np.minimum(tall, high))
    )
    kept = []
    for box in boxes[fits & whole][np.argsort(boxes[fits & whole][:, 0])]:  # outwards to the right
        if box[2] > right and box[0] - right < _NEAR * high:
            kept.append(box)
            right = float(box[2])
    for box in boxes[fits & whole][np.argsort(-boxes[fits & whole][:, 2])]:
        if box[0] < left and left - box[2] < _NEAR * high:
            kept.append(box)
            left = float(box[0])
    return np.array(kept, np.float32).reshape(-1, 4)
