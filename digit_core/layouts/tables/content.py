"""What the cells of a table hold: nothing, numbers, or words and print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.layouts.template import Grid

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_INK, _BESIDE = 40, 4
"""Darkness of ink, of 255; and map pixels beside an edge that may be its ruling."""

_LEANING, _WHOLE = 6, 0.8
"""Greatest width in map pixels, and least share of a cell's height, of a ruling that leans into it."""

_HIGH = 0.5
"""Share of a figure's height from which ink is a letter or a figure, and not a dash."""

_EXPLAINED = 0.4
"""Share of a cell's ink that lies in its number, from which the cell holds one."""


@dataclass(frozen=True, slots=True)
class NumberSeen:
    """A number as found on a page: box left, top, right, bottom in pixels of the level page; its digits; and the probability that
    it is printed."""

    box: tuple[float, float, float, float]
    digits: str
    printed: float

    @property
    def middle(self) -> tuple[float, float]:
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True, eq=False)
class CellContents:
    """The cells of a table, (rows, columns): whether each holds ink as high as a figure; whether that is a number; and the
    probability that it is printed, NaN without a number."""

    inked: Flags
    numbers: Flags
    printed: Floats

    def without_columns(self, columns: Flags) -> CellContents:
        """Return the cells with nothing in some columns."""
        return CellContents(self.inked & ~columns, self.numbers & ~columns, np.where(columns, np.nan, self.printed))

    def part(self, rows: Flags, columns: Flags) -> CellContents:
        """Return the cells of some rows and columns."""
        chosen = np.ix_(rows, columns)
        return CellContents(self.inked[chosen], self.numbers[chosen], self.printed[chosen])


def content_of(grid: Grid, maps: LineMaps, written: Sequence[NumberSeen]) -> CellContents:
    """Return what the cells of a grid, in pixels of the level page, hold."""
    ys, xs = np.array(grid.rows.edges), np.array(grid.columns.edges)
    shape = len(ys) - 1, len(xs) - 1
    inked, numbers, printed = np.zeros(shape, bool), np.zeros(shape, bool), np.full(shape, np.nan)
    high = _HIGH * float(np.median([one.height for one in written])) * maps.scale if written else 3.0
    ink = np.asarray(maps.darkness > _INK, np.uint8)
    known = np.zeros_like(ink)
    for one in written:
        left, top, right, bottom = (round(side * maps.scale) for side in one.box)
        known[max(0, top - 1) : bottom + 2, max(0, left - 1) : right + 2] = 1
        row, column = place_of(ys, one.middle[1]), place_of(xs, one.middle[0])
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            numbers[row, column] = True
            printed[row, column] = np.nanmax([printed[row, column], one.printed])
    for row, (top, bottom) in enumerate(pairwise((ys * maps.scale).round().astype(int).tolist())):
        for column, (left, right) in enumerate(pairwise((xs * maps.scale).round().astype(int).tolist())):
            inner = (
                slice(max(0, top) + _BESIDE, max(0, bottom - _BESIDE)),
                slice(max(0, left) + _BESIDE, max(0, right - _BESIDE)),
            )
            inked[row, column] = _has_high_ink(ink[inner], high)
            numbers[row, column] &= float(known[inner][ink[inner] > 0].mean() if ink[inner].any() else 1.0) >= _EXPLAINED
    return CellContents(inked | numbers, numbers, printed)


def place_of(edges: Floats, at: float) -> int:
    """Return the index of the row or column with these edges that a place lies in; -1 before the first, and so on."""
    return int(np.searchsorted(edges, at, side="right")) - 1


def _has_high_ink(ink: NDArray[np.uint8], high: float) -> bool:
    """Tell whether there is ink as high as a figure, besides a ruling that leans into the cell."""
    if not ink.any():
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(ink), connectivity=8)
    left, width, height = (stats[1:, side] for side in (cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
    at_side = (left == 0) | (left + width == ink.shape[1])
    ruling = at_side & (width <= _LEANING) & (height >= _WHOLE * len(ink))
    return bool(((height >= high) & ~ruling).any())
