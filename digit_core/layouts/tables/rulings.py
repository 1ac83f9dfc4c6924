"""Rulings of a table: pieces of one printed line joined, and the edges of rows and columns that they make.

Here "along" is the direction of a ruling and "at" its place across it; both in pixels of the maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import Segments

Floats = NDArray[np.float64]

_SAME = 0.003
"""Distance, as a share of the longer side, within which two pieces are one ruling."""

_STRAIGHT = 0.0016
"""Distance, as a share of the longer side, of a piece from its ruling's smooth course; strokes of writing stray."""

_BENT = 0.1
"""Share of the longer side from which a ruling may be bent."""

_DOUBLE, _OF_PITCH = 0.011, 0.4
"""Distance within which two rulings are one edge, a double line: as a share of the longer side, and of the usual distance."""

_DRAWN, _AS_MANY = 0.6, 0.6
"""Share of a gap that is ruled for a ruling to run through it; share of the usual number of gaps that each runs through."""

_SERIES, _EVEN, _REGULAR = 8, 0.16, 0.8
"""Number of rows that make a series; share of their distance by which one may lie off; and share of them that must not."""

_MISSING = 5
"""Distances in a gap up to which rulings are missing there; a higher row is another thing, such as the head."""

_DRIFT, _LEAST_EVEN = 0.06, 0.35
"""By how much more one may lie off for every one that is missing before it, as paper is not flat; and by how much at most."""

_BEYOND = 0.02
"""Share of the longer side by which rulings run on beyond an outermost one that they only cross."""

_REACHED = 0.4
"""Share of the rulings that must run through a row or column for it to be part of the table."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """A printed line: its place at the table's middle, and the intervals (n, 2) along it that are drawn."""

    at: float
    drawn: Floats

    @property
    def length(self) -> float:
        return covered(self.drawn)

    def within(self, start: float, end: float) -> float:
        """Return the share of the way from start to end that is drawn."""
        return covered(np.clip(self.drawn, start, end)) / max(end - start, 1e-6)


def rulings(segments: Segments, middle: float, side: int) -> list[Ruling]:
    """Join segments (n, 4), of rulings from left to right, to rulings in the order of their places at x = middle.

    All rulings of a table lean alike, by the mean of the longest ones, and each is a smooth curve. The longest piece that is left
    begins the next ruling.
    """
    if not len(segments):
        return []
    width = segments[:, 2] - segments[:, 0]
    lean = float(np.average((segments[:, 3] - segments[:, 1]) / width, weights=np.square(width)))
    along = segments[:, [0, 2]].mean(axis=1) - middle
    at = segments[:, [1, 3]].mean(axis=1) - lean * along
    left, found = np.argsort(-width, kind="stable"), []
    while len(left):
        own = _on_course(along[left], at[left], width[left], side)
        pieces = left[own]
        found.append(Ruling(float(np.average(at[pieces], weights=width[pieces])), segments[pieces][:, [0, 2]]))
        left = left[~own]
    return sorted(found, key=lambda one: one.at)


def _on_course(along: Floats, at: Floats, width: Floats, side: int) -> NDArray[np.bool_]:
    """Tell which pieces lie on one smooth course with the first."""
    own = np.abs(at - at[0]) <= _SAME * side
    for _ in range(2):
        far = float(np.ptp(along[own])) > _BENT * side
        course = np.polyfit(along[own] / side, at[own], min(2, int(own.sum()) // 2) if far else 0, w=width[own])
        own = np.abs(np.polyval(course, along / side) - at) <= _STRAIGHT * side
        own[0] = True
    return np.asarray(own)


def covered(intervals: Floats) -> float:
    """Return the length that intervals (n, 2) cover together."""
    total, reached = 0.0, -np.inf
    for start, end in intervals[np.argsort(intervals[:, 0])]:
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def crossing_most(lines: list[Ruling], others: list[Ruling], share: float) -> list[Ruling]:
    """Return the rulings that are drawn in at least this share of the gaps between others, and in not much fewer than usual.

    A line of text runs through the one wide column that has it, a ruling through all of them.
    """
    gaps = list(pairwise(line.at for line in others))
    if not gaps:
        return []
    parts = [float(np.mean([line.within(*gap) >= _DRAWN for gap in gaps])) for line in lines]
    usual = float(np.median([part for part in parts if part >= share] or [1.0]))
    return [line for line, part in zip(lines, parts, strict=True) if part >= max(share, _AS_MANY * usual)]


def through_most(lines: list[Ruling], others: list[Ruling], share: float) -> list[Ruling]:
    """Return the rulings that are drawn on at least this share of the way from the first of the others to the last, or to where
    most end, and on not much less than usual."""
    if not others or not lines:
        return []
    start, end = others[0].at, max(others[-1].at, float(np.median([line.drawn.max() for line in lines])))
    parts = [line.within(start, end) for line in lines]
    usual = float(np.median([part for part in parts if part >= share] or [1.0]))
    return [line for line, part in zip(lines, parts, strict=True) if part >= max(share, _AS_MANY * usual)]


def with_regular(lines: list[Ruling]) -> list[Ruling]:
    """Return the rulings with those added that an even series of them lacks: faint ones, on paper that is ruled all over."""
    gaps = np.diff([line.at for line in lines])
    if len(gaps) < _SERIES:
        return lines
    pitch = float(np.median(gaps[gaps < 1.3 * np.percentile(gaps, 20)]))
    times = np.rint(gaps / pitch).astype(int)
    even = (np.abs(gaps / pitch - times) < np.minimum(_EVEN + _DRIFT * (times - 1), _LEAST_EVEN)) & (times > 0)
    if even.mean() < _REGULAR:
        return lines
    added = [
        Ruling(lines[i].at + gaps[i] * k / times[i], lines[i].drawn)
        for i in range(1, len(gaps))  # the first row is the head
        if even[i] and times[i] <= _MISSING
        for k in range(1, times[i])
    ]
    return sorted([*lines, *added], key=lambda line: line.at)


def single(lines: list[Ruling], side: int) -> list[Ruling]:
    """Return the rulings with those of a double line joined to one; the longest draw the others to them."""
    apart = np.diff([line.at for line in lines])
    usual = float(np.median(apart[apart > _DOUBLE * side])) if (apart > _DOUBLE * side).any() else np.inf
    near = min(_DOUBLE * side, _OF_PITCH * usual)
    left, found = sorted(lines, key=lambda line: -line.length), []
    while left:
        own = [line for line in left if abs(line.at - left[0].at) <= near]
        left = [line for line in left if abs(line.at - left[0].at) > near]
        found.append(_joined(own))
    return sorted(found, key=lambda line: line.at)


def _joined(lines: list[Ruling]) -> Ruling:
    at = float(np.average([line.at for line in lines], weights=[line.length for line in lines]))
    return Ruling(at, np.concatenate([line.drawn for line in lines]))


def with_open_ends(edges: list[float], crossing: list[Ruling], side: int) -> list[float]:
    """Add an edge where most crossing rulings run on beyond the first or the last one, and end."""
    first = float(np.median([line.drawn.min() for line in crossing]))
    last = float(np.median([line.drawn.max() for line in crossing]))
    before = [first] if first < edges[0] - _BEYOND * side else []
    behind = [last] if last > edges[-1] + _BEYOND * side else []
    return [*before, *edges, *behind]


def reached(edges: list[float], crossing: list[Ruling]) -> list[float]:
    """Return the longest stretch of edges between which the crossing rulings run: beyond is another thing, such as the edge of
    the page, or underlined text."""
    bound = [np.mean([line.within(start, end) > 0.5 for line in crossing]) >= _REACHED for start, end in pairwise(edges)]
    breaks = [i for i, one in enumerate(bound) if not one]
    parts = [edges[start + 1 : end + 1] for start, end in zip([-1, *breaks], [*breaks, len(edges) - 1], strict=True)]
    return max(parts, key=lambda part: part[-1] - part[0] if part else 0.0)
