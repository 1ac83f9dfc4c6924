"""Detection of the page within its surround: the bed of a scanner, a table, the gutter of a book.

A surround is dark, wide, reaches the edge of the picture, and has no ink on it, unlike the dark half of a page in a shadow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.background import reduced, without_ink
from digit_core.records import Box, Grey

Mask = NDArray[np.uint8]

_SIDE = 512
"""Greatest length in pixels of the longer side on which a page is looked for."""

_DARKER = 0.6
"""Greatest brightness of a surround, as a share of the paper's."""

_LEAST, _LEAST_PAGE = 0.01, 0.06
"""Shares of the picture: least size of a surround that is cut off, and of a page."""

_INK, _INKED = 0.35, 0.004
"""Share of the background's brightness that ink takes away, and share of a dark part covered by ink from which it is a page."""

_EDGE = 2
"""Pixels of the small picture by which a surround is widened: the page's edge is neither."""


@dataclass(frozen=True, slots=True, eq=False)
class PageFrame:
    """Mask of the surround on a reduced copy of the picture: 255 outside the page, 0 on it."""

    outside: Mask

    def box(self, shape: tuple[int, ...]) -> Box:
        """Return the upright box around the page on the picture of this shape (height, width), in its pixels."""
        height, width = shape[:2]
        x, y = width / self.outside.shape[1], height / self.outside.shape[0]
        columns, rows = (np.flatnonzero((self.outside == 0).any(axis=axis)) for axis in (0, 1))
        left, right = int(columns[0] * x), min(width, round((columns[-1] + 1) * x))
        top, bottom = int(rows[0] * y), min(height, round((rows[-1] + 1) * y))
        return Box(left, top, max(1, right - left), max(1, bottom - top))

    def mask(self, shape: tuple[int, ...]) -> Mask:
        """Return the mask of that box: 255 outside the page."""
        box = self.box(shape)
        full = cv2.resize(self.outside, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
        return np.ascontiguousarray(full[box.y : box.bottom, box.x : box.right], np.uint8)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Criteria of a surround: wider than `window` of the picture's shorter side; `along`: least share of one side of the picture
    that it covers."""

    window: float
    along: float


OF_PAGE = Surroundings(window=1 / 24, along=0.0)
OF_STRIP = Surroundings(window=0.2, along=0.5)
"""A strip may have strokes as wide as a gutter, but no stroke runs along half of its side."""


def find_page(picture: Grey, kind: Surroundings) -> PageFrame | None:
    """Find the page within a dark surround of up to nine tenths of the picture; None if the page fills the picture."""
    small = reduced(picture, _SIDE)
    window = max(5, round(min(small.shape) * kind.window)) | 1
    if min(small.shape) <= window:
        return None
    ground = without_ink(small, window)
    outside = np.zeros_like(small)
    for part in _dark_parts(small, ground, window, kind):
        outside |= part
    share = cv2.countNonZero(outside) / outside.size
    if not _LEAST <= share <= 1 - _LEAST_PAGE or not _is_light(small, ground, outside):
        return None
    outside = np.asarray(cv2.dilate(outside, np.ones((2 * _EDGE + 1, 2 * _EDGE + 1), np.uint8)), np.uint8)
    return PageFrame(outside) if (outside == 0).any() else None


def _dark_parts(small: Grey, ground: Grey, window: int, kind: Surroundings) -> Iterator[Mask]:
    """Yield masks of the connected dark parts of the background that qualify as a surround."""
    level, _ = cv2.threshold(ground, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    paper = float(np.median(ground[ground > level])) if (ground > level).any() else 0.0
    dark = np.asarray(ground < min(level + 1, _DARKER * paper), np.uint8)
    # narrower than the window here means bridged from side to side, as by two strokes that touch the edge
    border = window // 2
    wide = cv2.copyMakeBorder(dark, border, border, border, border, cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(wide, cv2.MORPH_OPEN, np.ones((border, border), np.uint8))
    dark = np.ascontiguousarray(opened[border:-border, border:-border])
    count, labels = cv2.connectedComponents(dark, connectivity=4)
    for label in range(1, count):
        part = np.asarray(labels == label, np.uint8)
        if _reaches(part, kind.along) and not _is_inked(small, ground, part):
            yield part * np.uint8(255)


def _reaches(part: Mask, along: float) -> bool:
    """Whether the part covers this share of one side of the picture."""
    sides = (part[0], part[-1], part[:, 0], part[:, -1])
    return any(bool(side.any()) and float(side.mean()) >= along for side in sides)


def _is_inked(small: Grey, ground: Grey, part: Mask) -> bool:
    inner = cv2.erode(part, np.ones((5, 5), np.uint8)) > 0
    if not inner.any():
        return False
    soft = cv2.GaussianBlur(small, (0, 0), 1.0)
    ink = np.asarray(cv2.subtract(ground, soft), np.float32) > np.maximum(_INK * ground, 12)
    return float(ink[inner].mean()) > _INKED


def _is_light(small: Grey, ground: Grey, outside: Mask) -> bool:
    """Whether the rest is mostly bare paper. For light ink on black the closing leaves a light page that is mostly as dark as its
    surround."""
    paper = outside == 0
    bare = float(np.median(small[paper]))
    return bare > 0.75 * float(np.median(ground[paper])) and bare > float(np.median(small[~paper])) / _DARKER
