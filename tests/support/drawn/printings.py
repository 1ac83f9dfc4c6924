"""Other printings of a form, cut and pasted from a page of it: a row more or fewer, rows stretched, the table moved.

Where a point of the page has gone is known, so that a layout laid over the new page can be told to lie right or a row off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import line_maps, page_lines
from digit_core.layouts.placement import Fit, Points
from digit_core.layouts.template import Axis, Grid, Layout, Place
from digit_core.records import Grey
from tests.support.drawn.forms import Move, moved_points, prepared

DOWN, ALONG = 0, 1
"""The axis of a page's rows, y, and that of its columns, x."""

Piece = tuple[float, float, float]
"""From where to where a strip of the page goes, and how many pixels it has on the new one."""

OFF = 0.35
"""Of a cell's side: how far its middle may lie from the true one before it counts as a row or a column off."""


@dataclass(frozen=True, eq=False)
class Printing:
    """A page, and where places of the form lie on it: nan for those that it has not."""

    page: Grey
    where: Callable[[Points], Points]

    def scanned(self, change: Callable[[Grey], tuple[Grey, Move]]) -> Printing:
        """The same after what scanning does to it."""
        page, move = change(self.page)
        return Printing(page, lambda points: moved_points(self.where(points), move))


def as_it_is(page: Grey) -> Printing:
    return Printing(page, lambda points: np.asarray(points, np.float64))


def rearranged(page: Grey, axis: int, pieces: Sequence[Piece]) -> Printing:
    """The page made of strips of it, in their order; where a strip stands twice, the first one is the form's."""
    across = page if axis == DOWN else np.ascontiguousarray(page.T)
    parts, knots, start = [], [], 0
    for first, last, length in pieces:
        strip = across[round(first) : round(last)]
        size = (across.shape[1], max(1, round(length)))
        if len(strip) and round(length) > 0:
            parts.append(strip if len(strip) == size[1] else cv2.resize(strip, size, interpolation=cv2.INTER_LINEAR))
            knots.append((first, last, start, size[1] / (last - first)))
            start += size[1]
    made = np.concatenate(parts)

    def where(points: Points) -> Points:
        moved = np.array(points, np.float64)
        own = np.full(len(moved), np.nan)
        for first, last, begins, scale in knots:
            here = np.isnan(own) & (points[:, 1 - axis] >= first) & (points[:, 1 - axis] <= last)
            own[here] = begins + (points[here, 1 - axis] - first) * scale
        moved[:, 1 - axis] = own
        return moved

    return Printing(np.asarray(made if axis == DOWN else made.T.copy(), np.uint8), where)


def without(page: Grey, axis: int, edges: Sequence[float], i: int) -> Printing:
    """The row or column i of a grid with these edges is cut out."""
    end = page.shape[axis]
    return rearranged(page, axis, [(0, edges[i], edges[i]), (edges[i + 1], end, end - edges[i + 1])])


def with_twice(page: Grey, axis: int, edges: Sequence[float], i: int) -> Printing:
    """The row or column i of a grid stands twice."""
    end, width = page.shape[axis], edges[i + 1] - edges[i]
    return rearranged(
        page, axis, [(0, edges[i + 1], edges[i + 1]), (edges[i], edges[i + 1], width), (edges[i + 1], end, end - edges[i + 1])]
    )


def in_its_frame(page: Grey, axis: int, edges: Sequence[float], i: int, more: bool) -> Printing:
    """A row or column more or fewer, while the table keeps its size: all others are lower or higher."""
    first, last, end = edges[0], edges[-1], page.shape[axis]
    width = edges[i + 1] - edges[i]
    squeeze = (last - first) / (last - first + (width if more else -width))
    own = [(edges[i], edges[i + 1], width * squeeze)] if more else []
    upto = edges[i + 1] if more else edges[i]
    table = [(first, upto, (upto - first) * squeeze), *own, (edges[i + 1], last, (last - edges[i + 1]) * squeeze)]
    return rearranged(page, axis, [(0, first, first), *table, (last, end, end - last)])


def stretched(page: Grey, axis: int, edges: Sequence[float], factor: float) -> Printing:
    """The table is higher or wider by a factor, and what is about it stays."""
    first, last, end = edges[0], edges[-1], page.shape[axis]
    return rearranged(page, axis, [(0, first, first), (first, last, (last - first) * factor), (last, end, end - last)])


def moved_away(page: Grey, axis: int, edges: Sequence[float], gap: float) -> Printing:
    """The table from its first row on lies further from its head by so many rows, or nearer."""
    first, end, pitch = edges[0], page.shape[axis], float(np.median(np.diff(edges)))
    before = max(first - 2 * pitch, 1.0)
    return rearranged(page, axis, [(0, before, before), (before, first, first - before + gap * pitch), (first, end, end - first)])


def layout_of(printing: Printing, layout: Layout, axis: int, more: int | None = None, name: str = "printing") -> Layout:
    """The layout of such a printing, as somebody would draw it: its cells, known by the rulings that are found on the page.

    more: the row or column that stands twice; those that were cut out are left out.
    """
    lines = page_lines(line_maps(prepared(printing.page).darkness))
    height, width = printing.page.shape
    grids = tuple(_grid_of(grid, printing, axis, more) for grid in layout.grids)
    return Layout(name, width, height, grids=grids, lines=lines)


def _grid_of(grid: Grid, printing: Printing, axis: int, more: int | None) -> Grid:
    own = grid.rows if axis == DOWN else grid.columns
    other = grid.columns if axis == DOWN else grid.rows
    spans = []
    for i, (name, (low, high)) in enumerate(zip(own.names, pairwise(own.edges), strict=True)):
        ends = np.zeros((2, 2))
        ends[:, 1 - axis] = low + 1, high - 1
        ends[:, axis] = np.mean(other.edges)
        moved = printing.where(ends)[:, 1 - axis]
        if not np.isnan(moved).any():
            spans.append((name, moved[0] - 1, moved[1] + 1))
            if i == more:
                spans.append((f"{name} again", moved[1] + 1, 2 * moved[1] + 3 - moved[0]))
    edges = (*(round(float(low), 1) for _, low, _ in spans), round(float(spans[-1][2]), 1))
    axis_ = Axis(tuple(name for name, _, _ in spans), edges)
    bare = Grid(grid.name, grid.rows, grid.columns, grid.holds)
    return replace(bare, rows=axis_) if axis == DOWN else replace(bare, columns=axis_)


def cells_off(found: Fit, printing: Printing, own: Layout | None = None) -> int:
    """How many cells of the layout lie a row or a column off on the page: their middles lie elsewhere, or nowhere.

    own: the layout of the page's own printing where that is not the one that was found.
    """
    ready = prepared(printing.page)
    areas = found.cells()
    here = np.stack([moved_points(found.quad(area), ready.to_scan) for area in areas.values()])
    sides = np.stack([np.ptp(here[:, :, 0], axis=1), np.ptp(here[:, :, 1], axis=1)], axis=1)
    drawn = (own or found.layout).cells()
    middles = np.array([(area.x + area.w / 2, area.y + area.h / 2) for area in drawn.values()])
    true = printing.where(middles)
    away = np.abs(here.mean(axis=1) - true)
    return int((~(away <= OFF * sides)).any(axis=1).sum())


def names_off(found: Fit, printing: Printing, drawn: Layout) -> int:
    """The same of a layout that was drawn on the printing itself, or on one like it, with cells named as those of `drawn`."""
    ready = prepared(printing.page)
    true: dict[Place, NDArray[np.float64]] = {
        place: printing.where(np.array([(area.x + area.w / 2, area.y + area.h / 2)]))[0] for place, area in drawn.cells().items()
    }
    off = 0
    for place, area in found.layout.cells().items():
        quad = moved_points(found.quad(area), ready.to_scan)
        named = true.get(place)
        if named is not None:
            off += bool((~(np.abs(quad.mean(axis=0) - named) <= OFF * np.ptp(quad, axis=0))).any())
    return off
