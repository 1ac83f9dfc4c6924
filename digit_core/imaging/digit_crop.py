"""Digit crops in MNIST's frame.

MNIST was made by fitting each NIST digit, its aspect kept, into 20x20 pixels with anti-aliasing, and putting its centre of mass
into the middle of 28x28 (LeCun, Cortes, Burges: "The MNIST database of handwritten digits", 1998).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 28
FITTED = 20


def mnist_crop(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Normalise one digit to MNIST's frame.

    ink: shape (height, width), 0 is paper and 255 full ink, cut tight around the digit, without neighbours. Returns shape (28,
    28), dtype uint8. No ink at all gives an empty crop.
    """
    fitted = _fit(ink)
    peak = int(fitted.max(initial=0))
    if peak == 0:
        return np.zeros((SIDE, SIDE), np.uint8)
    # a reduced hairline turns grey, but MNIST's strokes are white in their middle
    return _centre_by_mass(np.asarray(cv2.convertScaleAbs(fitted, alpha=255.0 / peak), np.uint8))


def mnist_crops(inks: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Normalise many digits; returns shape (n, 28, 28), dtype uint8."""
    crops = np.empty((len(inks), SIDE, SIDE), np.uint8)
    for row, ink in enumerate(inks):
        crops[row] = mnist_crop(ink)
    return crops


def _fit(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = ink.shape
    scale = FITTED / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # area averaging suits reduction; it would leave blocks when enlarging
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(ink, size, interpolation=method), np.uint8)


def _centre_by_mass(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = ink.shape
    moments = cv2.moments(ink)
    middle = (SIDE - 1) / 2
    x = min(max(round(middle - moments["m10"] / moments["m00"]), 0), SIDE - width)
    y = min(max(round(middle - moments["m01"] / moments["m00"]), 0), SIDE - height)
    crop = np.zeros((SIDE, SIDE), np.uint8)
    crop[y : y + height, x : x + width] = ink
    return crop
