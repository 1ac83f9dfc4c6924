"""Grouping of digits into numbers: which digits stand together on one line, and what separates two numbers.

Boxes here are pixels of the prepared page.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.numerics import percentile
from digit_core.params import SegmentationParams
from digit_core.records import Box

_FAINT = 16
"""Darkness of 255 from which a column may be a faint ruling, if it is so from top to bottom."""

_GROUND, _ABOVE_GROUND = 20, 12
"""Percentile of the darkness around two digits that is their paper, grey or patterned; least darkness of a ruling above it."""

_SHARED = (".", ",")
"""Marks that may stand within a number."""

_STROKE = "/"
_CLOSE, _OVER = 0.25, 0.1
"""Widest gap between digits of one number that crosses a ruling, and greatest overlap of their boxes, in heights of a digit."""

NumberPair = tuple[int, int]
"""Indices of two numbers of which the left one may go on in the right one."""

Sides = NDArray[np.float64]
"""Shape (4, n): left, top, right and bottom of n boxes, for comparing one with all of them at once."""


def group_strings(digits: Sequence[Box], marks: Sequence[Box], page: PreparedPage, params: SegmentationParams) -> list[list[int]]:
    """Link each digit to its right neighbour on the same line; a wide gap or a vertical ruling separates numbers.

    Returns for each number the indices of its digits, left to right. A mark (point, comma) keeps a number together.
    """
    order = sorted(range(len(digits)), key=lambda index: digits[index].x)
    boxes = [digits[index] for index in order]
    dots = _Marks(marks)
    follower: dict[int, int] = {}
    taken: set[int] = set()
    for index, other in _neighbours(_sides_of(boxes), params):
        free = index not in follower and other not in taken
        if free and _follows(boxes[index], boxes[other], dots, page, params):
            follower[index] = other
            taken.add(other)
    return [[order[i] for i in _chain(start, follower)] for start in range(len(boxes)) if start not in taken]


def sharing_a_mark(
    strings: Sequence[Sequence[int]], texts: Sequence[str], digits: Sequence[Box], params: SegmentationParams
) -> list[NumberPair]:
    """Return pairs of numbers (indices, left and right) that are one: both were read with the mark between them.

    Francs and centimes with a point on the ruling between them are one; the strips of both parts show the point. strings: the
    digits of each number, left to right; texts: as they were read.
    """
    ends = {index: digits[strings[index][-1]] for index, text in enumerate(texts) if text.endswith(_SHARED)}
    starts = {index: digits[strings[index][0]] for index, text in enumerate(texts) if text.startswith(_SHARED)}
    return _pairs_of_parts(ends, starts, params.gap)


def beside_strokes(strings: Sequence[Sequence[int]], texts: Sequence[str], digits: Sequence[Box]) -> list[NumberPair]:
    """Return pairs of numbers (indices, left and right) that stand as close as digits, and one of which was read with a stroke:
    they may be one date that crosses a ruling. Arguments as in `sharing_a_mark`."""
    strokes = {index for index, text in enumerate(texts) if _STROKE in text}
    if not strokes:  # most pages
        return []
    ends = {index: digits[string[-1]] for index, string in enumerate(strings)}
    starts = {index: digits[string[0]] for index, string in enumerate(strings)}
    return [pair for pair in _pairs_of_parts(ends, starts, _CLOSE) if not strokes.isdisjoint(pair)]


def _pairs_of_parts(ends: Mapping[int, Box], starts: Mapping[int, Box], gap: float) -> list[NumberPair]:
    """Return pairs (left, right) of numbers, each in one pair at most: the last digit of the left one in `ends` is followed by
    the first digit of the right one in `starts`."""
    free = dict(starts)
    downwards = sorted(starts, key=lambda index: starts[index].y)
    tops = [starts[index].y for index in downwards]
    tallest = max((box.h for box in starts.values()), default=0)
    pairs = []
    for left, a in ends.items():
        on_line = downwards[bisect_left(tops, a.y - tallest) : bisect_left(tops, a.bottom)]
        near = [right for right in on_line if right != left and right in free and _is_next(a, free[right], gap)]
        if near:
            right = min(near, key=lambda index: (free[index].x, index))
            pairs.append((left, right))
            del free[right]
    taken = {right for _, right in pairs}
    return [(left, right) for left, right in pairs if left not in taken]


def _is_next(a: Box, b: Box, gap: float) -> bool:
    """Whether b follows a on its line, at most `gap` heights away; a ruling may run between them."""
    shared, height = min(a.bottom, b.bottom) - max(a.y, b.y), (a.h + b.h) / 2
    return shared >= 0.45 * min(a.h, b.h) and -_OVER * height < b.x - a.right <= gap * height


def _sides_of(boxes: Sequence[Box]) -> Sides:
    return np.array([(box.x, box.y, box.right, box.bottom) for box in boxes], np.float64).reshape(-1, 4).T


def _neighbours(sides: Sides, params: SegmentationParams) -> Iterator[tuple[int, int]]:
    """Yield pairs (a, b) where b stands to the right of a, on its line and within the widest gap; nearest first."""
    left, top, right, bottom = sides
    width, height = right - left, bottom - top
    # the limit of the gap depends on the mean height of the two, and a neighbour is at most four times as high
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
    """Whether a column in the gap is darker than paper nearly all the way. Faint rulings separate numbers too."""
    y0, y1 = min(a.y, b.y), max(a.bottom, b.bottom)
    gap = page.darkness[y0:y1, a.right + 1 : max(a.right + 1, b.x - 1)]
    if gap.size > 0:
        ground = percentile(page.darkness[y0:y1, max(0, a.x) : b.right], _GROUND)
        _, dark = cv2.threshold(gap, max(_FAINT, ground + _ABOVE_GROUND), 1, cv2.THRESH_BINARY)
        if cv2.reduce(dark, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F).max() > 0.7:
            return True
    middles = sorted((round(a.centre[0]), round(b.centre[0])))
    # a ruling continues above and below; the upright stroke of a large digit does not
    beyond = round(0.35 * min(a.h, b.h))
    ruled = page.rulings_v[max(0, max(a.y, b.y) - beyond) : min(a.bottom, b.bottom) + beyond, slice(*middles)]
    return bool(ruled.any()) and bool((ruled.max(axis=1) > 0).mean() > 0.7)


class _Marks:
    """Places of points and commas, sorted for look-up."""

    def __init__(self, marks: Sequence[Box]) -> None:
        self._boxes = sorted(marks, key=lambda box: box.x)
        self._lefts = np.array([box.x for box in self._boxes])

    def between(self, a: Box, b: Box) -> bool:
        """Whether a point lies in the gap, and not so close to b that b's number begins with it."""
        end = a.right + 0.72 * (b.x - a.right)
        first, last = np.searchsorted(self._lefts, (a.right - 2, end)) if self._boxes else (0, 0)
        top, bottom = min(a.y, b.y), max(a.bottom, b.bottom) + 0.2 * a.h
        return any(top < box.centre[1] < bottom and max(box.w, box.h) < 0.6 * a.h for box in self._boxes[first:last])


def _pairs(left: NDArray[np.float64], reach: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return indices (a, b) of all pairs of boxes sorted by `left` where b begins after a and before the reach of a."""
    ends = np.searchsorted(left, reach)
    counts = np.maximum(ends - np.arange(1, len(left) + 1), 0)
    a = np.repeat(np.arange(len(left)), counts)
    return a, a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts, counts)
