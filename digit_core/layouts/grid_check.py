"""Whether a form's tables are those of the page: rulings of both are held against each other one by one, the outermost first.

Agreement of all rulings on average tells forms apart, but not two printings of one form of which one has a row more: nearly all
rulings of an even table lie on each other as well when it is a row off. What tells is where tables begin and end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.prepare import Mask
from digit_core.layouts.ink_rows import ink_rows
from digit_core.layouts.ruling_match import GAP, MatchedRuling, added, rulings_of
from digit_core.layouts.straightened import Straightened, ToPage, straightened
from digit_core.layouts.template import Grid, Layout
from digit_core.layouts.zone_check import fault_of_zones

Flags = NDArray[np.bool_]

_THERE = 0.65
"""Of what the page usually shows of the form's rulings, below which it does not have one."""

_MISSING = 0.1
"""Share of a table's inner rulings that a faint scan may lack."""

_ADDED, _ADDED_SHARE = 2, 0.25
"""How many a page may have besides, such as folds and strokes of the pen; and as a share of the form's."""

_OWN = 0.5
"""Rows beyond the grid within which a ruling is its own."""

_CUT_AT = 0.3
"""Of a row that was cut through by the edge of the page, how much must be left of it."""

_RUN, _WIDE = 0.6, 5
"""Of the way to a ruling beyond the grid that crossing ones run at least; and samples by which they may stray."""

_JOINED, _PARTED = 0.6, 0.25
"""Share of the crossing rulings that run on to one beyond the grid from which it is the table's, and up to which it is not."""

_RULED = 0.5
"""Share of a grid's edges that the form rules, from which its rulings say where they are, and not the writing."""

_MOVED, _CUT = 0.13, 0.35
"""Rows that the writing lies off the middles of the grid's: from which the grid is moved there, and from which nobody knows
whose writing it is.
"""


def fault_of(layout: Layout, to_page: ToPage, maps: LineMaps, near: float) -> str:
    """Why the form cannot lie so on a page with these rulings, in words; "" if nothing speaks against it.

    near: map pixels that a ruling may lie off.
    """
    faults = (fault for grid in layout.grids for fault in _of_grid(layout, grid, to_page, maps, near))
    return next(faults, "") or fault_of_zones(layout, to_page, maps, near)


def _of_grid(layout: Layout, grid: Grid, to_page: ToPage, maps: LineMaps, near: float) -> Iterator[str]:
    for rows, what in ((True, "rows"), (False, "columns")):
        picture = straightened(layout, grid, rows, to_page, maps, near)
        fault = _of_rulings(picture) or _of_ink(picture)
        if fault:
            yield f"{what} of {grid.name}: {fault}"


def _of_rulings(picture: Straightened) -> str:
    form, page = rulings_of(picture, picture.form, picture.page), rulings_of(picture, picture.page, picture.form)
    count = len(picture.edges) - 1
    inner = [one for one in form if -_OWN < one.row < count + _OWN]
    if not inner:
        return ""
    usual = float(np.median([one.other / one.own for one in inner]))
    own = [one for one in form if one in inner or _joined(picture, one, picture.form_crossing)]
    parted = [one for one in own if _joined(picture, one, picture.page_crossing) is False]
    lost = [one for one in own if (one.other < _THERE * usual * one.own or one in parted) and _is_lost(picture, one)]
    if lost and (own[0] in lost or own[-1] in lost):
        return f"the page does not have its {'first' if own[0] in lost else 'last'} ruling"
    tables = [one for one in form if _joined(picture, one, picture.form_crossing) is not False]
    beyond = [one for one in page if _joined(picture, one, picture.page_crossing) and not any(map(one.knows, tables))]
    if beyond:
        return f"the page's table goes on {'before its first' if beyond[0].row < 0 else 'behind its last'} ruling"
    inside = [one for one in added(page, form) if 0 < one.row < count]
    if len(lost) > max(1, _MISSING * len(inner)) or len(inside) > max(_ADDED, _ADDED_SHARE * len(inner)) or (lost and inside):
        return "the page has its rulings elsewhere"
    return ""


def _is_lost(picture: Straightened, ruling: MatchedRuling) -> bool:
    """Whether it should be there: not where the page was cut through the table, and its crossing rulings run on to the cut."""
    if picture.inside[ruling.at].mean() > 127:
        return True
    rows, count = picture.rows, len(picture.edges) - 1
    before = ruling.row < count / 2
    last = max(int(np.floor(ruling.row)), 0) + 1 if before else min(int(np.ceil(ruling.row)), count) - 1
    way = (rows > ruling.row) & (rows < last) if before else (rows > last) & (rows < ruling.row)
    way &= picture.inside.mean(axis=1) > 127
    inner = (rows > last) & (rows < last + 1) if before else (rows > last - 1) & (rows < last)
    return way.sum() < _CUT_AT * inner.sum() or not _run_on(picture.page_crossing, inner, way)


def _of_ink(picture: Straightened) -> str:
    """What the writing says where no rulings do."""
    if _ruled_share(picture) >= _RULED:
        return ""
    ink = ink_rows(picture)
    if ink.more:
        return f"the writing has {abs(ink.more)} {'more' if ink.more > 0 else 'fewer'} of them"
    cut = max((abs(distance) for _, distance in ink.off), default=0.0) > _CUT
    return "their edges cut through the writing" if cut else ""


def to_writing(layout: Layout, to_page: ToPage, maps: LineMaps, near: float) -> Layout:
    """The layout with the edges of its grids moved to where the writing on a page leaves room for them, where no rulings say
    where they are.
    """
    grids = tuple(_to_writing(layout, grid, to_page, maps, near) for grid in layout.grids)
    return layout if grids == layout.grids else replace(layout, grids=grids)


def _to_writing(layout: Layout, grid: Grid, to_page: ToPage, maps: LineMaps, near: float) -> Grid:
    picture = straightened(layout, grid, True, to_page, maps, near)
    if _ruled_share(picture) >= _RULED:
        return grid
    start, slope = ink_rows(picture).line()
    count = len(picture.edges) - 1
    if max(abs(start), abs(start + slope * count)) < _MOVED:
        return grid
    places = np.arange(count + 1, dtype=np.float64)
    moved = np.interp(places + start + slope * places, picture.rows, picture.places)
    edges = [round(float(np.clip(edge, 0, layout.height)), 1) for edge in moved]
    return replace(grid, rows=replace(grid.rows, edges=tuple(edges)))


def _joined(picture: Straightened, ruling: MatchedRuling, crossing: Mask) -> bool | None:
    """Whether the rulings that cross the grid's outermost row run on to a ruling beyond it, so that it is the table's.

    None where it cannot be told: for rulings of the grid itself, where few cross the row, or some run on and others do not.
    """
    rows, count = picture.rows, len(picture.edges) - 1
    before = ruling.row < 0
    outermost = (rows > 0) & (rows < 1) if before else (rows > count - 1) & (rows < count)
    way = (rows > ruling.row) & (rows < 0) if before else (rows > count) & (rows < ruling.row)
    if not outermost.any() or way.sum() < 2 or abs(ruling.row - (0 if before else count)) < GAP:
        return None
    return _run_on(crossing, outermost, way)


def _run_on(crossing: Mask, start: Flags, way: Flags) -> bool | None:
    """Whether most rulings that cross all of some rows of the picture cross others too; None if it cannot be told."""
    wide = cv2.dilate(crossing, np.ones((1, _WIDE), np.uint8)) > 0
    here = np.concatenate([[0], wide[start].mean(axis=0) >= _RUN, [0]]).astype(int)
    firsts, ends = np.flatnonzero(np.diff(here) == 1), np.flatnonzero(np.diff(here) == -1)
    runs = [float(wide[way][:, first:end].any(axis=1).mean()) >= _RUN for first, end in zip(firsts, ends, strict=True)]
    if len(runs) < 2 or _PARTED * len(runs) < sum(runs) < _JOINED * len(runs):
        return None
    return sum(runs) >= _JOINED * len(runs)


def _ruled_share(picture: Straightened) -> float:
    """Share of the grid's edges at which the form has a ruling."""
    rows = [one.row for one in rulings_of(picture, picture.form, picture.form)]
    return float(np.mean([any(abs(row - edge) < GAP for row in rows) for edge in range(len(picture.edges))]))
