"""Coarse alignment of a form on a page: the picture of its rulings laid over the page's at many sizes and places.

Normalised cross-correlation, at 128 pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps, Segments, drawn
from digit_core.imaging.prepare import Mask
from digit_core.layouts.grid_offset import Terms

_COARSE = 128
_SIZES = np.geomspace(0.62, 1.6, 32)
"""Sizes of the form on the page relative to the reference: cropping makes it larger, a wide border smaller."""

_PLACINGS = 4


def placings(across: Segments, down: Segments, maps: LineMaps) -> list[Terms]:
    """Return the likeliest placings of a form with these rulings, (n, 4) as ends in u and v, in pixels of the maps."""
    return [terms for _, terms in _different(_scored(across, down, maps))]


def likeness(across: Segments, down: Segments, maps: LineMaps) -> float:
    """Return the similarity of the pictures of a form's and the page's rulings at the best placing, 0 to 1."""
    return max((score for score, _ in _scored(across, down, maps)), default=0.0)


def _scored(across: Segments, down: Segments, maps: LineMaps) -> list[tuple[float, Terms]]:
    """Return placings and their similarity, most similar first."""
    scale = _COARSE / maps.side
    picture = np.stack([_small(one, scale) for one in (maps.across, maps.down)], axis=2)
    height, width = picture.shape[:2]
    border = _COARSE // 2
    padded = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_CONSTANT, value=(0, 0))
    found = []
    for size in _SIZES:
        half = np.array([width, height]) * size / 2
        pattern = np.stack([_pattern(segments, half) for segments in (across, down)], axis=2)
        if min(np.array(padded.shape[:2]) - pattern.shape[:2]) < 0 or not pattern.any():
            continue
        scores = cv2.matchTemplate(padded, pattern, cv2.TM_CCORR_NORMED)
        for _ in range(2):
            _, score, _, (x, y) = cv2.minMaxLoc(scores)
            middle = np.array([x, y]) - border + half
            found.append((score, np.array([[middle[0], half[0], 0, 0, 0, 0], [middle[1], 0, half[1], 0, 0, 0]]) / scale))
            scores[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0
    found.sort(key=lambda pair: -pair[0])
    return found


def _different(found: list[tuple[float, Terms]]) -> list[tuple[float, Terms]]:
    """Return the best placings, without those that are nearly the same as a better one."""
    kept: list[tuple[float, Terms]] = []
    for score, terms in found:
        if all(np.abs(terms - other).max() > 0.02 * np.abs(other).max() for _, other in kept):
            kept.append((score, terms))
        if len(kept) == _PLACINGS:
            break
    return kept


def _small(mask: Mask, scale: float) -> NDArray[np.float32]:
    """Return the density of rulings around each coarse pixel."""
    height, width = (max(1, round(side * scale)) for side in mask.shape)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(np.minimum(small * 8, 255), (0, 0), 1.0), np.float32)


def _pattern(segments: Segments, half: NDArray[np.float64]) -> NDArray[np.float32]:
    width, height = (max(2, round(float(side) * 2)) for side in half)
    picture = drawn((segments.reshape(-1, 2) + 1).reshape(-1, 4) * np.tile(half, 2), (height, width))
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0), np.float32)
