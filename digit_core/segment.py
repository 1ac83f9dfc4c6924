"""Ink -> digits -> number strings: components judged by shape, joined, split, and strung together line by line.

Works on a prepared page (level, rulings lifted); boxes here are pixels of the prepared page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from statistics import median
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.params import SegmentationParams
from digit_core.preprocess import Mask, PreparedPage
from digit_core.records import Box, Grey

_FAINT = 16
"""Darkness of 255 from which a column may be a faint ruling, if it is so from top to bottom."""


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


@dataclass(frozen=True, slots=True)
class InkString:
    """Digits of one number from left to right: boxes and, for each, its ink as darkness with all else blanked."""

    boxes: tuple[Box, ...]
    inks: tuple[Grey, ...]


Labels = NDArray[np.uint16] | NDArray[np.int32]
"""Shape (height, width): which component a pixel belongs to, 0 for paper."""


Sides = NDArray[np.float64]
"""Shape (4, n): left, top, right and bottom of n boxes, for comparing one with all of them at once."""


def segment(page: PreparedPage, params: SegmentationParams) -> list[InkString]:
    """All number strings of a page, in no particular order."""
    glyphs, labels = find_components(page.ink, page.darkness, params)
    glyphs = [glyph for glyph in glyphs if not is_dash(glyph, labels) and not continues_ruling(glyph.box, page.rulings_v)]
    shapes = [classify_shape(glyph, params) for glyph in glyphs]
    digits = [glyph for glyph, shape in zip(glyphs, shapes, strict=True) if shape is Shape.DIGIT]
    marks = [glyph for glyph, shape in zip(glyphs, shapes, strict=True) if shape is Shape.MARK]
    digits, dots = part_dots(digits, labels)
    marks += dots
    strings = group_strings(join_broken(digits, marks), marks, page, params)
    return [cut_string(string, labels, page.darkness, params) for string in strings]


def segment_strip(page: PreparedPage, params: SegmentationParams) -> list[InkString]:
    """The one number that a strip holds (its digits left to right, whatever the gaps), or nothing."""
    glyphs, labels = find_components(page.ink, page.darkness, params)
    glyphs = [glyph for glyph in glyphs if glyph.box.h < 0.98 * page.ink.shape[0] or glyph.box.w > 3]
    tallest = max((glyph.box.h for glyph in glyphs if classify_shape(glyph, params) is Shape.DIGIT), default=0)
    digits = [g for g in glyphs if classify_shape(g, params) is Shape.DIGIT and g.box.h >= 0.4 * tallest]
    marks = [glyph for glyph in glyphs if glyph not in digits]
    joined = sorted(join_broken(digits, marks), key=lambda glyph: glyph.box.x)
    return [cut_string(joined, labels, page.darkness, params)] if joined else []


# --- components ---


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
    sides = _sides(digits)
    sure: list[Glyph] = []
    dots: list[Glyph] = []
    for glyph in digits:
        dot = _is_solid(glyph) and _is_dot_beside(glyph.box, sides) and not _has_hole(glyph, labels)
        (dots if dot else sure).append(glyph)
    return sure, dots


def _sides(glyphs: Sequence[Glyph]) -> Sides:
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


# --- joining ---


def join_broken(digits: Sequence[Glyph], marks: Sequence[Glyph]) -> list[Glyph]:
    """Puts pieces of one digit together: a 5 and its loose flag, a stroke that a lifted ruling has parted.

    Two pieces are one digit when one stands over the other (they share most of the narrower one's columns), the gap
    between them is small, and together they are no taller than the digits around them.
    """
    order = sorted(digits, key=lambda glyph: glyph.box.x)
    tall = float(np.median([glyph.box.h for glyph in order])) if order else 0.0
    found: dict[int, int] = {}  # piece -> the piece to its left that it belongs to
    for a, b in _pieces_of_one(_sides(order), tall):
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
    a, b = _pairs(left, right)
    shared = np.minimum(right[a], right[b]) - left[b]
    apart = np.maximum(top[a], top[b]) - np.minimum(bottom[a], bottom[b])
    both = np.maximum(bottom[a], bottom[b]) - np.minimum(top[a], top[b])
    smaller, larger = np.minimum(height[a], height[b]), np.maximum(height[a], height[b])
    over = (shared >= 0.5 * np.minimum(width[a], width[b])) & (apart < 0.18 * both)
    one = (both < 1.35 * np.maximum(larger, tall)) & ((smaller < 0.62 * larger) | (both < 1.2 * tall))
    chosen = over & one
    return zip(a[chosen].tolist(), b[chosen].tolist(), strict=True)


def _pairs(left: NDArray[np.float64], reach: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
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


# --- stringing ---


def group_strings(
    digits: Sequence[Glyph], marks: Sequence[Glyph], page: PreparedPage, params: SegmentationParams
) -> list[list[Glyph]]:
    """Links each glyph to its right neighbour on the same line; a wide gap or a vertical ruling parts numbers."""
    order = sorted(digits, key=lambda glyph: glyph.box.x)
    dots = _Marks(marks)
    follower: dict[int, int] = {}
    taken: set[int] = set()
    for index, other in _neighbours(_sides(order), params):
        free = index not in follower and other not in taken
        if free and _follows(order[index].box, order[other].box, dots, page, params):
            follower[index] = other
            taken.add(other)
    return [[order[i] for i in _chain(start, follower)] for start in range(len(order)) if start not in taken]


def _neighbours(sides: Sides, params: SegmentationParams) -> Iterator[tuple[int, int]]:
    """Pairs (a, b) of which b stands to the right of a, on its line and within the widest gap; nearest first."""
    left, top, right, bottom = sides
    width, height = right - left, bottom - top
    # The gap is judged by the mean height of the two, and a neighbour is at most four times as high.
    a, b = _pairs(left, right + 2.5 * params.dotted_gap * height)
    shared = np.minimum(bottom[b], bottom[a]) - np.maximum(top[b], top[a])
    low, high = np.minimum(height[b], height[a]), np.maximum(height[b], height[a])
    gap = left[b] - right[a]
    on_one_line = (low >= 0.25 * high) & (shared >= 0.45 * low) & (right[b] > right[a])
    near = (gap <= params.dotted_gap * (low + high) / 2) & (gap >= -0.6 * np.minimum(width[b], width[a]))
    chosen = on_one_line & near
    return zip(a[chosen].tolist(), b[chosen].tolist(), strict=True)


def _chain(start: int, follower: dict[int, int]) -> list[int]:
    chain = [start]
    while chain[-1] in follower:
        chain.append(follower[chain[-1]])
    return chain


def _follows(a: Box, b: Box, dots: _Marks, page: PreparedPage, params: SegmentationParams) -> bool:
    wide = b.x - a.right > params.gap * (a.h + b.h) / 2
    return not (wide and not dots.between(a, b)) and not _ruling_between(a, b, page)


def _ruling_between(a: Box, b: Box, page: PreparedPage) -> bool:
    """Is there a column in the gap that is darker than paper nearly all the way? Faint rulings part numbers too."""
    y0, y1 = min(a.y, b.y), max(a.bottom, b.bottom)
    gap = page.darkness[y0:y1, a.right + 1 : max(a.right + 1, b.x - 1)]
    if gap.size > 0:
        _, dark = cv2.threshold(gap, _FAINT, 1, cv2.THRESH_BINARY)
        if cv2.reduce(dark, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F).max() > 0.7:
            return True
    middles = sorted((round(a.centre[0]), round(b.centre[0])))
    ruled = page.rulings_v[max(a.y, b.y) : min(a.bottom, b.bottom), slice(*middles)]
    return bool(ruled.any()) and bool((ruled.max(axis=1) > 0).mean() > 0.7)


class _Marks:
    """Where the dots and commas are, sorted for look-up."""

    def __init__(self, marks: Sequence[Glyph]) -> None:
        self._boxes = sorted((glyph.box for glyph in marks), key=lambda box: box.x)
        self._lefts = np.array([box.x for box in self._boxes])

    def between(self, a: Box, b: Box) -> bool:
        """A dot in the gap, and not so close to b that it is the point of a number that begins with it."""
        end = a.right + 0.72 * (b.x - a.right)
        first, last = np.searchsorted(self._lefts, (a.right - 2, end)) if self._boxes else (0, 0)
        top, bottom = min(a.y, b.y), max(a.bottom, b.bottom) + 0.2 * a.h
        return any(top < box.centre[1] < bottom and max(box.w, box.h) < 0.6 * a.h for box in self._boxes[first:last])


# --- cutting out, splitting ---


def cut_string(string: Sequence[Glyph], labels: Labels, darkness: Grey, params: SegmentationParams) -> InkString:
    """The ink of each digit; glyphs that are too wide for one digit are cut where they are thinnest."""
    boxes: list[Box] = []
    inks: list[Grey] = []
    usual = usual_width(string)
    for glyph in string:
        ink = glyph_ink(glyph, labels, darkness)
        for box, part in split_touching(glyph.box, ink, usual, params):
            boxes.append(box)
            inks.append(part)
    return InkString(tuple(boxes), tuple(inks))


def usual_width(string: Sequence[Glyph]) -> float:
    """Width of a digit in this string: the median of those that can only be one, else 0.62 of the height."""
    height = median(glyph.box.h for glyph in string)
    single = [glyph.box.w for glyph in string if 0.35 * height < glyph.box.w < 0.95 * height]
    return median(single) if len(single) >= 2 else 0.62 * height


def glyph_ink(glyph: Glyph, labels: Labels, darkness: Grey) -> Grey:
    """Darkness inside the glyph's box, 0 where the ink is another's."""
    box = glyph.box
    area = np.s_[box.y : box.bottom, box.x : box.right]
    own = labels[area] == glyph.labels[0] if len(glyph.labels) == 1 else np.isin(labels[area], glyph.labels)
    return darkness[area] * own


def split_touching(box: Box, ink: Grey, usual: float, params: SegmentationParams) -> list[tuple[Box, Grey]]:
    """One piece if it can be one digit, else as many as fit its width, cut through the least ink near even spacing."""
    if box.w < params.touching_aspect * box.h or box.w < 1.45 * usual:
        return [(box, ink)]
    parts = max(2, round(box.w / max(usual * 1.08, 1.0)))
    edges = [0, *_cuts(ink, parts), box.w]
    pieces = [_trim(box, ink, left, right) for left, right in pairwise(edges)]
    return [piece for piece in pieces if piece is not None and piece[0].h >= params.min_height]


def _cuts(ink: Grey, parts: int) -> list[int]:
    """Columns where the outline has a waist, near even spacing. Two round digits touch wall to wall: there is much ink in
    that column, but it spans few rows."""
    profile = 0.75 * _spanned_rows(ink) + 0.25 * np.mean(ink > 0, axis=0)
    step = len(profile) / parts
    places = np.arange(len(profile))
    cuts = []
    for k in range(1, parts):
        off = np.abs(places - k * step) / step
        cuts.append(int(np.argmin(profile + 0.8 * np.square(off) + 9.0 * (off > 0.4))))
    return sorted(cuts)


def _spanned_rows(ink: Grey) -> NDArray[np.float64]:
    """For each column, the share of the rows from its first ink to its last."""
    on = ink > 0
    first = np.argmax(on, axis=0)
    last = len(on) - 1 - np.argmax(on[::-1], axis=0)
    return np.where(on.any(axis=0), (last - first + 1) / len(on), 0.0)


def _trim(box: Box, ink: Grey, left: int, right: int) -> tuple[Box, Grey] | None:
    part = ink[:, left:right]
    x, y, w, h = cv2.boundingRect(part)
    if w == 0 or h == 0:
        return None
    return replace(box, x=box.x + left + x, y=box.y + y, w=w, h=h), part[y : y + h, x : x + w]
