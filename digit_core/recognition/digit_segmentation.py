"""Segmentation of the ink of each digit, for its crop."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.records import Box, Grey

_WHOLE = 0.5
"""Share of a component in a digit's box from which it belongs to the digit as a whole."""

_ANOTHERS = 0.75
"""Share in another's box from which it is that digit's; components in between are divided by the boxes."""


def digit_ink(darkness: Grey, ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> list[tuple[Box, Grey]]:
    """Return the ink of each digit (boxes: rows left, top, right, bottom of one number): darkness, 0 where the ink is another's.

    Connected ink belongs to the box that most of it lies in; ink shared by several digits is divided by their boxes.
    """
    inner = _inside(boxes, darkness.shape)
    reach = max(2, int(np.median(inner[:, 3] - inner[:, 1])) // 8)
    x0, y0 = np.maximum(inner[:, :2].min(axis=0) - reach, 0)
    x1, y1 = inner[:, 2:].max(axis=0) + reach
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink[y0:y1, x0:x1], connectivity=8)
    local = inner - (x0, y0, x0, y0)
    counts = np.stack([np.bincount(labels[t:b, le:r].ravel(), minlength=len(stats)) for le, t, r, b in local])
    shares = counts / np.maximum(stats[:, 4], 1).astype(np.float64)
    shares[:, 0] = 0
    window = darkness[y0:y1, x0:x1]
    regions = np.asarray(labels, np.int32)
    return [_own(window, regions, shares, i, local[i], reach, (int(x0), int(y0))) for i in range(len(local))]


def _inside(boxes: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Round to whole pixels of the page, at least one per box."""
    height, width = shape
    low = np.clip(np.floor(boxes[:, :2]), 0, (width - 1, height - 1))
    high = np.clip(np.ceil(boxes[:, 2:]), low + 1, (width, height))
    return np.concatenate([low, high], axis=1).astype(np.intp)


def _own(
    window: Grey,
    labels: NDArray[np.int32],
    shares: NDArray[np.float64],
    index: int,
    box: NDArray[np.intp],
    reach: int,
    corner: tuple[int, int],
) -> tuple[Box, Grey]:
    left, top, right, bottom = (int(v) for v in box)
    others = np.delete(shares, index, axis=0).max(axis=0, initial=0.0)
    whole = shares[index] >= _WHOLE
    partly = (shares[index] > 0) & ~whole & (others < _ANOTHERS)
    # a loop may reach out of the box above and below, but at the sides the next digit begins
    y0, y1 = max(0, top - reach), bottom + reach
    around = labels[y0:y1, left:right]
    own = whole[around]
    own[top - y0 : bottom - y0] |= partly[around[top - y0 : bottom - y0]]
    x, y, w, h = cv2.boundingRect(own.astype(np.uint8))
    if w == 0 or h == 0:
        return Box(corner[0] + left, corner[1] + top, right - left, bottom - top), window[top:bottom, left:right].copy()
    part = window[y0 + y : y0 + y + h, left + x : left + x + w] * own[y : y + h, x : x + w]
    return Box(corner[0] + left + x, corner[1] + y0 + y, w, h), np.asarray(part, np.uint8)
