"""Dash or blank: the darkest flat stroke in a cell against the noise of its paper, however faint or short it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.numerics import sigmoid
from digit_core.records import Grey

_MARGIN = 0.14
"""Share of a cell's sides that is left out for its rulings."""

_LENGTH, _BLUR = 0.24, 0.8
"""Length of the shortest dash, as a share of a digit's height; and deviation of the blur in pixels."""

_INK = 40
"""Darkness of ink, of 255."""

_LEVEL, _NOISES, _SCALE = 4.0, 5.0, 1.2
"""Darkness of a stroke that is as likely a dash as paper: this much and so many times the noise; and scale of the log odds."""


def dash_probability(darkness: Grey, quad: NDArray[np.float64], height: float) -> float:
    """Return the probability that a cell without other ink holds a dash and is not blank, 0 to 1.

    darkness: of the page, 0 paper, 255 black; quad: the cell's corners (4, 2) on it; height: of digits, in its pixels.
    """
    low, high = quad.min(axis=0), quad.max(axis=0)
    margin = _MARGIN * (high - low)
    (left, top), (right, bottom) = np.maximum(low + margin, 0).astype(int), np.maximum(high - margin, 0).astype(int)
    part = darkness[top:bottom, left:right]
    length = max(5, round(_LENGTH * height))
    if min(part.shape) < 3 or part.shape[1] <= length:
        return 0.5
    smooth = cv2.GaussianBlur(_without_neighbours(part), (0, 0), _BLUR).astype(np.float32)
    level, upright = (cv2.erode(smooth, np.ones(size, np.uint8), borderValue=0.0) for size in ((1, length), (length, 1)))
    paper = float(np.median(level))
    noise = 1.4826 * float(np.median(np.abs(level - paper)))
    above = float((level - np.maximum(upright, paper)).max())  # a dot and a stain are as high as wide
    return float(sigmoid(np.array((above - _LEVEL - _NOISES * noise) / _SCALE)))


def _without_neighbours(part: Grey) -> Grey:
    """Blank the ink that hangs in from above or below, such as the tail of another cell's digit."""
    _, labels = cv2.connectedComponents((part > _INK).astype(np.uint8), connectivity=8)
    outside = np.unique(np.concatenate([labels[0], labels[-1]]))
    return np.asarray(np.where(np.isin(labels, outside[outside > 0]), round(float(np.median(part))), part), np.uint8)
