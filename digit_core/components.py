"""Connected ink, judged by its shape: digits, the dots beside them, and what is neither; broken digits joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.params import SegmentationParams
from digit_core.preprocess import Mask
from digit_core.records import Box, Grey


class Shape(Enum):
    """What a component can be, judged by its outline alone."""

    DIGIT = "digit"  # one digit, or several that touch
    MARK = "mark"  # dot, comma or small scrap: no digit, but it belongs to a number
    OTHER = "other"  # speck, dash, ruling, smudge, blot


@dataclass(frozen=True, slots=True)
class Glyph:
    """Connected ink: its box, the numbers of the components it consists of, and its area in pixels."""

    box: Box
    labels: tuple[int, ...]
    area: int


Labels = NDArray[np.uint16] | NDArray[np.int32]
"""Shape (height, width): which component a pixel belongs to, 0 for paper."""


Sides = NDArray[np.float64]
"""Shape (4, n): left, top, right and bottom of n boxes, for comparing one with all of them at once."""


def find_components(ink: Mask, darkness: Grey, params: SegmentationParams) -> tuple[list[Glyph], Labels]:
    """Connected ink (8-neighbourhood) without specks, without what is far too large, and without what has no dark core."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=_label_type(ink))
    w, h, area = stats[:, 2], stats[:, 3], stats[:, 4]
    big_enough = (np.maximum(w, h) >= 3) & (area >= 6)
    small_enough = (h <= params.max_height) & (w <= 6 * params.max_height)
    chosen = np.flatnonzero(big_enough & small_enough)
    chosen = chosen[chosen != 0]
    core = 255 * params.core_contrast
    glyphs = [
        Glyph(Box(left, top, width, height), (int(index),), pixels)
        for index, (left, top, width, height, pixels) in zip(chosen, stats[chosen].tolist(), strict=True)
        if darkness[top : top + height, left : left + width].max() >= core
    ]
    return glyphs, cast(Labels, labels)


def _label_type(ink: Mask) -> int:
    """16 bits a pixel where they suffice: labelling is bound by memory, and takes half the time.

    Every component begins with a pixel that has no ink to its left nor above it, so those bound the number of labels.
    """
    before = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]], np.uint8)
    begins = cv2.subtract(ink, cv2.dilate(ink, before))
    return cv2.CV_16U if cv2.countNonZero(begins) < 65_000 else cv2.CV_32S


def classify_shape(glyph: Glyph, params: SegmentationParams) -> Shape:
    """Digit, mark or other, by size, proportion and how much of its box is ink."""
    box = glyph.box
    filled = glyph.area / (box.w * box.h)
    if box.h < params.min_height:
        return Shape.MARK if box.w < 2.5 * params.min_height and box.w <= 3 * box.h else Shape.OTHER
    if box.w > 4.5 * box.h or (box.w > 1.6 * box.h and filled > 0.6):
        return Shape.OTHER  # a dash, an underline, a remnant of a ruling
    if box.h > 14 * box.w:
        return Shape.OTHER  # a remnant of a vertical ruling
    if filled > 0.72 and min(box.w, box.h) > 0.55 * max(box.w, box.h):
        return Shape.MARK if box.h < 3 * params.min_height else Shape.OTHER  # a dot, a blot
    return Shape.DIGIT


def is_dash(glyph: Glyph, labels: Labels) -> bool:
    """A long thin bar, also a tilted one: the smallest turned rectangle around it is mostly ink."""
    box = glyph.box
    if box.w < 1.6 * box.h:
        return False
    points = cv2.findNonZero((labels[box.y : box.bottom, box.x : box.right] == glyph.labels[0]).astype(np.uint8))
    _, (side_a, side_b), _ = cv2.minAreaRect(points)
    thin, long = sorted((side_a + 1, side_b + 1))
    return long > 2.2 * thin and glyph.area > 0.6 * thin * long


def continues_ruling(box: Box, rulings_v: Mask) -> bool:
    """A thin upright bar that a vertical ruling runs on from, above or below, is a piece of it."""
    if box.w > 0.4 * box.h:
        return False
    reach = max(8, box.h // 3)
    above = rulings_v[max(0, box.y - reach) : box.y, box.x : box.right]
    below = rulings_v[box.bottom : box.bottom + reach, box.x : box.right]
    return bool(above.any() or below.any())


def part_dots(digits: Sequence[Glyph], labels: Labels) -> tuple[list[Glyph], list[Glyph]]:
    """Parts the digits from the dots and commas: small solid things beside something much taller.

    An old-style 0 is small too, but hollow.
    """
    sides = sides_of(digits)
    sure: list[Glyph] = []
    dots: list[Glyph] = []
    for glyph in digits:
        dot = _is_solid(glyph) and _is_dot_beside(glyph.box, sides) and not _has_hole(glyph, labels)
        (dots if dot else sure).append(glyph)
    return sure, dots


def sides_of(glyphs: Sequence[Glyph]) -> Sides:
    return np.array([(g.box.x, g.box.y, g.box.right, g.box.bottom) for g in glyphs], np.float64).reshape(-1, 4).T


def _is_solid(glyph: Glyph) -> bool:
    return glyph.area > 0.5 * glyph.box.w * glyph.box.h and glyph.box.w < 2.5 * glyph.box.h and glyph.box.h < 2 * glyph.box.w


def _has_hole(glyph: Glyph, labels: Labels) -> bool:
    box = glyph.box
    own = (labels[box.y : box.bottom, box.x : box.right] == glyph.labels[0]).astype(np.uint8)
    _, tree = cv2.findContours(own, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return tree is not None and bool((tree[0, :, 3] >= 0).any())


def _is_dot_beside(dot: Box, digits: Sides) -> bool:
    left, top, right, bottom = digits
    height, middle = bottom - top, dot.centre[1]
    taller = height > 2.3 * max(dot.h, dot.w)
    near = np.maximum(left - dot.right, dot.x - right) < 1.2 * height
    on_its_line = (top - 0.1 * height < middle) & (middle < bottom + 0.25 * height)
    return bool((taller & near & on_its_line).any())


def join_broken(digits: Sequence[Glyph]) -> list[Glyph]:
    """Puts pieces of one digit together: a 5 and its loose flag, a stroke that a lifted ruling has parted.

    Two pieces are one digit when one stands over the other (they share most of the narrower one's columns), the gap
    between them is small, and together they are no taller than the digits around them.
    """
    order = sorted(digits, key=lambda glyph: glyph.box.x)
    tall = float(np.median([glyph.box.h for glyph in order])) if order else 0.0
    found: dict[int, int] = {}  # piece -> the piece to its left that it belongs to
    for a, b in _pieces_of_one(sides_of(order), tall):
        found[b] = _first(found, a)
    pieces: dict[int, list[Glyph]] = {}
    for index, glyph in enumerate(order):
        pieces.setdefault(_first(found, index), []).append(glyph)
    return [_union(group) for group in pieces.values()]


def _first(found: dict[int, int], index: int) -> int:
    while index in found:
        index = found[index]
    return index


def _pieces_of_one(sides: Sides, tall: float) -> Iterator[tuple[int, int]]:
    """Pairs (a, b), a before b, of boxes sorted by their left side that are pieces of one digit."""
    left, top, right, bottom = sides
    width, height = right - left, bottom - top
    a, b = pairs(left, right)
    shared = np.minimum(right[a], right[b]) - left[b]
    apart = np.maximum(top[a], top[b]) - np.minimum(bottom[a], bottom[b])
    both = np.maximum(bottom[a], bottom[b]) - np.minimum(top[a], top[b])
    smaller, larger = np.minimum(height[a], height[b]), np.maximum(height[a], height[b])
    over = (shared >= 0.5 * np.minimum(width[a], width[b])) & (apart < 0.18 * both)
    one = (both < 1.35 * np.maximum(larger, tall)) & ((smaller < 0.62 * larger) | (both < 1.2 * tall))
    chosen = over & one
    return zip(a[chosen].tolist(), b[chosen].tolist(), strict=True)


def pairs(left: NDArray[np.float64], reach: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices (a, b) of all pairs of boxes sorted by `left` of which b begins after a and before the reach of a."""
    ends = np.searchsorted(left, reach)
    counts = np.maximum(ends - np.arange(1, len(left) + 1), 0)
    a = np.repeat(np.arange(len(left)), counts)
    return a, a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts, counts)


def _union(pieces: Sequence[Glyph]) -> Glyph:
    if len(pieces) == 1:
        return pieces[0]
    labels = tuple(label for piece in pieces for label in piece.labels)
    return Glyph(Box.around([piece.box for piece in pieces]), labels, sum(piece.area for piece in pieces))
