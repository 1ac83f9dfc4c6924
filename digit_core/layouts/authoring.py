"""Drawing of layouts on a page: the levelled page with its rulings, a layout proposed from it, and a layout moved onto it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from digit_core.errors import InputError
from digit_core.imaging.line_detection import LineMaps, Lines, line_maps, page_lines, with_broken_rulings
from digit_core.imaging.prepare import Affine, PreparedPage, prepare
from digit_core.layouts.placement import Fit
from digit_core.layouts.registration import fit
from digit_core.layouts.tables.content import NumberSeen
from digit_core.layouts.tables.detection import ruled_tables
from digit_core.layouts.tables.names import named
from digit_core.layouts.template import Area, Axis, Grid, Layout
from digit_core.params import SegmentationParams
from digit_core.records import Grey, PageImage


@dataclass(frozen=True, slots=True, eq=False)
class LevelPage:
    """A levelled page: its size, rulings and numbers, in its pixels; `to_scan` maps these to the scan's."""

    width: int
    height: int
    maps: LineMaps
    lines: Lines
    to_scan: Affine
    written: tuple[NumberSeen, ...] = ()


Find = Callable[[PreparedPage, LineMaps], tuple[NumberSeen, ...]]
"""Finds the numbers of a page."""


def level_page(image: PageImage, find: Find | None = None) -> tuple[LevelPage, Grey]:
    """Level the page that a layout is drawn on; also return its picture, shape (height, width), on white paper.

    find: finds its numbers, which tell rows and columns of names from those of numbers; None: they are not told.
    """
    page = prepare(image.pixels, SegmentationParams())
    maps = line_maps(page.darkness)
    height, width = page.darkness.shape
    written = find(page, maps) if find is not None else ()
    level = LevelPage(width, height, maps, page_lines(with_broken_rulings(maps)), page.to_scan, written)
    return level, np.asarray(cv2.bitwise_not(page.darkness), np.uint8)


def proposed_tables(page: LevelPage) -> tuple[Grid, ...]:
    """Return the page's own ruled tables, with the names of rows and columns that could be read."""
    return tuple(named(within(table, page), page.maps, page.written) for table in ruled_tables(page.maps))


def proposed(page: LevelPage, name: str) -> Layout:
    """Propose the page's own ruled tables as a layout, to be edited. Raises InputError where there are none."""
    tables = proposed_tables(page)
    if not tables:
        raise InputError(
            "no ruled table was found on the page: draw its boxes under Layouts on the page of `digits review serve`"
        )
    return Layout(name, page.width, page.height, grids=tables, lines=page.lines)


def within(grid: Grid, page: LevelPage) -> Grid:
    """Clip the grid to the page: the thickness of a ruling can put an edge beyond it."""
    return replace(grid, rows=_clipped(grid.rows, page.height), columns=_clipped(grid.columns, page.width))


def _clipped(axis: Axis, limit: float) -> Axis:
    return replace(axis, edges=tuple(min(max(edge, 0.0), float(limit)) for edge in axis.edges))


def relaid(layout: Layout, page: LevelPage) -> Layout:
    """Move the layout onto this page, which becomes its reference page. Raises InputError where it does not fit."""
    if (layout.width, layout.height, layout.lines) == (page.width, page.height, page.lines):
        return layout  # its own page: return it unchanged, so that nothing drifts
    found = fit(layout, page.maps)
    if not found.sure:
        raise InputError(
            f"this page is not the form of layout {layout.name} ({found.doubt}): open a page of that form, or start a new layout"
        )
    zones = tuple(replace(zone, box=_moved(zone.box, found)) for zone in layout.zones)
    grids = tuple(_moved_grid(grid, found) for grid in (found.placed or layout).grids)
    return replace(layout, width=page.width, height=page.height, zones=zones, grids=grids, lines=page.lines)


def _moved(box: Area, found: Fit) -> Area:
    """Return the upright box between the middles of the moved sides."""
    corners = found.quad(box)
    left, right = (round(float(corners[side, 0].mean()), 1) for side in ([0, 3], [1, 2]))
    top, bottom = (round(float(corners[side, 1].mean()), 1) for side in ([0, 1], [2, 3]))
    return Area(left, top, right - left, bottom - top)


def _moved_grid(grid: Grid, found: Fit) -> Grid:
    """Move each edge of the grid with its middle."""
    x = (grid.columns.edges[0] + grid.columns.edges[-1]) / 2
    y = (grid.rows.edges[0] + grid.rows.edges[-1]) / 2
    rows = found.to_page(np.array([(x, edge) for edge in grid.rows.edges], np.float64))[:, 1]
    columns = found.to_page(np.array([(edge, y) for edge in grid.columns.edges], np.float64))[:, 0]
    return replace(grid, rows=_with_edges(grid.rows, rows.tolist()), columns=_with_edges(grid.columns, columns.tolist()))


def _with_edges(axis: Axis, edges: list[float]) -> Axis:
    return replace(axis, edges=tuple(round(edge, 1) for edge in edges))
