"""Whether a form's tables are those of the page: rulings of both are held against each other one by one, the outermost first.

Agreement of all rulings on average tells forms apart, but not two printings of one form of which one has a row more: nearly all
rulings of an even table lie on each other as well when it is a row off. What tells is where tables begin and end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.prepare import Mask
from digit_core.layouts.ink_rows import ink_rows
from digit_core.layouts.straightened import Floats, Straightened, ToPage, straightened
from digit_core.layouts.template import Area, Axis, Grid, Layout

Flags = NDArray[np.bool_]

_STRONG = 0.5
"""Of a grid's width that a ruling is long at least to be one of the table's own."""

_THERE = 0.65
"""Of what the page usually shows of the form's rulings, below which it does not have one."""

_UNKNOWN = 0.55
"""Of a ruling of the page, up to which the form does not have it."""

_MISSING = 0.1
"""Share of a table's inner rulings that a faint scan may lack."""

_ADDED, _ADDED_SHARE = 2, 0.25
"""How many a page may have besides, such as folds and strokes of the pen; and as a share of the form's."""

_OWN = 0.5
"""Rows beyond the grid within which a ruling is its own."""

_CUT_AT = 0.3
"""Of a row that was cut through by the edge of the page, how much must be left of it."""

_SPLIT, _WIDE = 2, 5
"""Rows of the picture between two rulings at least, and samples by which a crossing one may stray."""

_JOINED = 0.6
"""Share of the crossing rulings that must run on to one beyond the grid for it to be the table's."""

_RUN, _GAP = 0.6, 0.15
"""Of the way to it that they run at least; and rows by which a ruling may lie off one of the form, and be known."""

_RULED = 0.5
"""Share of a grid's edges that the form rules, from which its rulings say where they are, and not the writing."""

_MOVED, _CUT = 0.13, 0.35
"""Rows that the writing lies off the middles of the grid's: from which the grid is moved there, and from which nobody knows
whose writing it is.
"""

_SIDES, _ZONES = 0.8, 0.08
"""Share of the ruled sides of a box that the page must have, and of boxes that may lack theirs."""

_MARGIN, _ENDS = 0.1, 0.2
"""Of a side what is looked at beyond either end of it; and share up to which the form has no ruling there."""

_INNER, _BEFORE, _BEHIND = slice(27, -27), slice(0, 20), slice(-20, None)
"""Samples along a side within its ends, and beyond them."""

_SIDE, _INK = 0.75, 40
"""Share of a side that must be ink, and darkness of ink."""


@dataclass(frozen=True, slots=True)
class _Ruling:
    """A ruling of a straightened grid, or a few close ones.

    at: its row in the picture; row, top, bottom: its middle and ends in rows of the grid, outside of which they are below 0 or
    above their number; own, other: share of the width that its own picture, and the other one, has there.
    """

    at: int
    row: float
    top: float
    bottom: float
    own: float
    other: float

    def knows(self, other: _Ruling) -> bool:
        """Whether the other one's middle lies within it, or beside it, and it is not much shorter."""
        return self.top - _GAP < other.row < self.bottom + _GAP and other.own >= _UNKNOWN * self.own


def fault_of(layout: Layout, to_page: ToPage, maps: LineMaps, near: float) -> str:
    """Why the form cannot lie so on a page with these rulings, in words; "" if nothing speaks against it.

    near: map pixels that a ruling may lie off.
    """
    faults = (fault for grid in layout.grids for fault in _of_grid(layout, grid, to_page, maps, near))
    return next(faults, "") or _of_zones(layout, to_page, maps, near)


def _of_grid(layout: Layout, grid: Grid, to_page: ToPage, maps: LineMaps, near: float) -> Iterator[str]:
    for rows, what in ((True, "rows"), (False, "columns")):
        picture = straightened(layout, grid, rows, to_page, maps, near)
        fault = _of_rulings(picture) or _of_ink(picture)
        if fault:
            yield f"{what} of {grid.name}: {fault}"


def _of_rulings(picture: Straightened) -> str:
    form, page = _rulings(picture, picture.form, picture.page), _rulings(picture, picture.page, picture.form)
    count = len(picture.edges) - 1
    inner = [one for one in form if -_OWN < one.row < count + _OWN]
    if not inner:
        return ""
    usual = float(np.median([one.other / one.own for one in inner]))
    own = [one for one in form if one in inner or _joined(picture, one, picture.form_crossing)]
    lost = [one for one in own if one.other < _THERE * usual * one.own and _is_lost(picture, one)]
    if lost and (own[0] in lost or own[-1] in lost):
        return f"the page does not have its {'first' if own[0] in lost else 'last'} ruling"
    added = [one for one in page if one.other < _UNKNOWN * one.own and not any(one.knows(known) for known in form)]
    beyond = [one for one in added if not 0 < one.row < count and _joined(picture, one, picture.page_crossing)]
    if beyond:
        return f"the page's table goes on {'before its first' if beyond[0].row < 0 else 'behind its last'} ruling"
    inside = [one for one in added if 0 < one.row < count]
    if len(lost) > max(1, _MISSING * len(inner)) or len(inside) > max(_ADDED, _ADDED_SHARE * len(inner)) or (lost and inside):
        return "the page has its rulings elsewhere"
    return ""


def _is_lost(picture: Straightened, ruling: _Ruling) -> bool:
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


def _rulings(picture: Straightened, mask: Mask, other: Mask) -> list[_Ruling]:
    """The long rulings of a picture in their order, and how much of each another one has."""
    thick = np.ones((2 * picture.near + 1, 1), np.uint8)
    own, theirs = (np.asarray(cv2.dilate(one, thick).mean(axis=1) / 255, np.float64) for one in (mask, other))
    most = np.asarray(cv2.dilate(theirs.reshape(-1, 1), np.ones((3, 1), np.uint8)).ravel(), np.float64)
    strong = np.flatnonzero(own >= _STRONG)
    groups = np.split(strong, np.flatnonzero(np.diff(strong) > _SPLIT) + 1) if len(strong) else []
    return [_ruling(picture, group, own, most) for group in groups]


def _ruling(picture: Straightened, group: NDArray[np.intp], own: Floats, other: Floats) -> _Ruling:
    """The ruling of rows of the picture that its thickened line covers."""
    at, rows = int(group[0] + group[-1]) // 2, picture.rows
    core = group[picture.near : -picture.near] if len(group) > 2 * picture.near else np.array([at])
    top, bottom = float(rows[core[0]]), float(rows[core[-1]])
    return _Ruling(at, float(rows[at]), top, bottom, float(own[group].max()), float(other[core].max()))


def _joined(picture: Straightened, ruling: _Ruling, crossing: Mask) -> bool:
    """Whether the rulings that cross the grid's outermost row run on to a ruling beyond it."""
    rows, count = picture.rows, len(picture.edges) - 1
    before = ruling.row < 0
    outermost = (rows > 0) & (rows < 1) if before else (rows > count - 1) & (rows < count)
    way = (rows > ruling.row) & (rows < 0) if before else (rows > count) & (rows < ruling.row)
    if not outermost.any() or way.sum() < 2 or abs(ruling.row - (0 if before else count)) < _GAP:
        return False
    return _run_on(crossing, outermost, way)


def _run_on(crossing: Mask, start: Flags, way: Flags) -> bool:
    """Whether most rulings that cross all of some rows of the picture cross others too."""
    wide = cv2.dilate(crossing, np.ones((1, _WIDE), np.uint8)) > 0
    here = np.concatenate([[0], wide[start].mean(axis=0) >= _RUN, [0]]).astype(int)
    firsts, ends = np.flatnonzero(np.diff(here) == 1), np.flatnonzero(np.diff(here) == -1)
    runs = [float(wide[way][:, first:end].any(axis=1).mean()) >= _RUN for first, end in zip(firsts, ends, strict=True)]
    return len(runs) > 1 and sum(runs) >= _JOINED * len(runs)


def _ruled_share(picture: Straightened) -> float:
    """Share of the grid's edges at which the form has a ruling."""
    rows = [one.row for one in _rulings(picture, picture.form, picture.form)]
    return float(np.mean([any(abs(row - edge) < _GAP for row in rows) for edge in range(len(picture.edges))]))


def _of_zones(layout: Layout, to_page: ToPage, maps: LineMaps, near: float) -> str:
    """Boxes whose sides the form rules must have them on the page."""
    held = [share >= _SIDES for zone in layout.zones if (share := _sides(layout, zone.box, to_page, maps, near)) is not None]
    lacking = len(held) - sum(held)
    return f"{lacking} of {len(held)} boxes are not on the page" if lacking > max(1, _ZONES * len(held)) else ""


def _sides(layout: Layout, box: Area, to_page: ToPage, maps: LineMaps, near: float) -> float | None:
    """Share of the ruled sides of a box that the page has; None where the form rules fewer than two, or there is no page.

    Short sides are too short to be found as rulings: the page needs but ink there, and where a form rules three the fourth is
    ruled as well.
    """
    ruled, seen = [], []
    for rows in (True, False):
        picture = straightened(layout, _as_grid(box, rows), rows, to_page, maps, near)
        for edge in range(2):
            middle = int(np.abs(picture.rows - edge).argmin())
            at = slice(max(0, middle - picture.near - 1), middle + picture.near + 2)
            form, ink, inside = (one[at].max(axis=0) for one in (picture.form, picture.darkness, picture.inside))
            ruled.append(bool(form[_INNER].mean() > 255 * _STRONG))
            there = bool((ink[_INNER] > _INK).mean() > _SIDE) and not any(
                form[end].mean() < 255 * _ENDS and (ink[end] > _INK).mean() > 1 - _ENDS for end in (_BEFORE, _BEHIND)
            )
            seen.append(there if inside.mean() > 255 * _STRONG else None)
    wanted = [there for known, there in zip(ruled, seen, strict=True) if there is not None and (known or sum(ruled) > 2)]
    return float(np.mean(wanted)) if len(wanted) > 1 else None


def _as_grid(box: Area, rows: bool) -> Grid:
    """A grid of one cell, with margins along the rulings of one direction."""
    x, y = (_MARGIN * box.w, 0.0) if rows else (0.0, _MARGIN * box.h)
    return Grid("box", Axis(("1",), (box.y - y, box.y + box.h + y)), Axis(("1",), (box.x - x, box.x + box.w + x)))
