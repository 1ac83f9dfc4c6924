"""What a camera does to a page: it lies on something dark, is seen at an angle, and curls."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.records import Grey

Points = NDArray[np.float64]

MARGIN = 0.07
"""Share of the page's width that is seen around it."""


def photographed(page: Grey, share: float, bed: int = 40) -> tuple[Grey, Callable[[Points], Points]]:
    """The page with its upper edge shorter by this share, and unequal sides; also the way from page to picture."""
    height, width = page.shape
    margin, pull = round(MARGIN * width), share * width
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    pulled = np.array([(pull / 2, 0), (-pull / 2, pull / 4), (0, 0), (0, -pull / 6)], np.float32) + margin
    projection = cv2.getPerspectiveTransform(corners, corners + pulled)
    size = (width + 2 * margin, height + 2 * margin)
    drawn = cv2.warpPerspective(page, projection, size, borderMode=cv2.BORDER_REPLICATE)
    return _on_bed(drawn, cv2.warpPerspective(np.full_like(page, 255), projection, size), bed), lambda points: np.asarray(
        cv2.perspectiveTransform(points[None].astype(np.float64), projection)[0]
    )


def curled(page: Grey, rise: float, bed: int = 40) -> tuple[Grey, Callable[[Points], Points]]:
    """The page with its middle lower by this share of its width than its sides; also the way from page to picture."""
    height, width = page.shape
    margin = round((MARGIN + rise) * width)

    def fallen(x: NDArray[np.floating]) -> NDArray[np.floating]:
        return rise * width * (1 - np.square(2 * x / width - 1))

    x, y = np.meshgrid(*(np.arange(side + 2 * margin, dtype=np.float32) - margin for side in (width, height)))
    y -= fallen(x).astype(np.float32)
    drawn = cv2.remap(page, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = ((x >= 0) & (x < width) & (y >= 0) & (y < height)).astype(np.uint8) * np.uint8(255)
    return _on_bed(drawn, inside, bed), lambda points: np.stack(
        [points[:, 0] + margin, points[:, 1] + fallen(points[:, 0]) + margin], axis=1
    )


def _on_bed(page: NDArray, inside: NDArray, bed: int) -> Grey:
    grain = np.clip(np.random.default_rng(0).normal(bed, 3, page.shape), 0, 255)
    return np.where(inside > 127, page, grain).astype(np.uint8)


def as_spread(left: Grey, right: Grey, gutter: float = 0.02) -> Grey:
    """Two pages of one height side by side, dark between them: the gutter's width as a share of both together."""
    both = np.hstack([left, right]).astype(np.float32)
    away = np.abs(np.arange(both.shape[1]) - left.shape[1]) / (gutter * both.shape[1])
    return np.asarray(both * np.clip(0.25 + 0.75 * away, None, 1), np.uint8)
