"""Whether a form's boxes are those of the page: each has its sides there, and no row or column of others goes on beyond them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from digit_core.imaging.line_detection import LineMaps
from digit_core.layouts.ruling_match import STRONG, MatchedRuling, added, rulings_of
from digit_core.layouts.straightened import ToPage, straightened
from digit_core.layouts.template import Area, Axis, Grid, Layout

_SIDES, _ZONES = 0.8, 0.08
"""Share of the ruled sides of a box that the page must have, and of boxes that may lack theirs."""

_MARGIN, _ENDS = 0.1, 0.2
"""Of a side what is looked at beyond either end of it; and share up to which the form has no ruling there."""

_INNER, _BEFORE, _BEHIND = slice(27, -27), slice(0, 20), slice(-20, None)
"""Samples along a side within its ends, and beyond them."""

_SIDE, _INK = 0.75, 40
"""Share of a side that must be ink, and darkness of ink."""

_LOW, _HIGH = 0.6, 1.6
"""Heights of a row of boxes, within which another row of them is as high."""

_EDGE, _LOST = 0.1, 0.3
"""Rows by which a ruling may lie off the edge of a row of boxes; and of a ruling, what the page has at most where it lacks it."""


def fault_of_zones(layout: Layout, to_page: ToPage, maps: LineMaps, near: float) -> str:
    """Why the form's boxes cannot lie so on a page with these rulings, in words; "" if nothing speaks against it.

    Boxes whose sides the form rules must have them on the page. near: map pixels that a ruling may lie off.
    """
    shares = ((zone.box, _sides(layout, zone.box, to_page, maps, near)) for zone in layout.zones)
    held = {box: share >= _SIDES for box, share in shares if share is not None}
    lacking = len(held) - sum(held.values())
    rows = [[held[box] for box in row if box in held] for row in _side_by_side(list(held), rows=True)]
    if lacking > max(1, _ZONES * len(held)) or any(len(row) > 1 and not any(row) for row in rows):
        return f"{lacking} of {len(held)} boxes are not on the page"
    return next(_beyond(layout, to_page, maps, near), "")


def _beyond(layout: Layout, to_page: ToPage, maps: LineMaps, near: float) -> Iterator[str]:
    """What speaks against it before the first row, or column, of boxes and behind the last: the page has another row there, or
    not the form's rulings.

    Rulings of both sides of a row must be there, and as far apart as those of the form's own row: a fold or an underlined word is
    no row. The rulings of a head may lie on those of another row, but then not all of them.
    """
    boxes = [zone.box for zone in layout.zones]
    for rows, what in ((True, "row"), (False, "column")):
        bands = [_around(band) for band in _side_by_side(boxes, rows)]
        for band, before in ((bands[0], True), (bands[-1], False)) if bands else ():
            picture = straightened(layout, _as_grid(band, rows), rows, to_page, maps, near)
            form, page = (rulings_of(picture, *pair) for pair in ((picture.form, picture.page), (picture.page, picture.form)))
            if not all(any(abs(one.row - edge) < _EDGE for one in form) for edge in (0, 1)):
                continue  # boxes of which the form does not rule the sides
            where = f"{'before the first' if before else 'behind the last'} {what} of boxes"
            others = [one.row for one in added(page, form) if _is_beyond(one, before)]
            if any(_LOW <= other - one <= _HIGH for one, other in pairwise(others)):
                yield f"the page has another one {where}"
            known = [one for one in form if _is_beyond(one, before) and picture.inside[one.at].mean() > 127]
            if any(one.other < _LOST * one.own for one in known):
                yield f"the page has its rulings elsewhere {where}"


def _is_beyond(ruling: MatchedRuling, before: bool) -> bool:
    return ruling.row < -_EDGE if before else ruling.row > 1 + _EDGE


def _side_by_side(boxes: Sequence[Area], rows: bool) -> list[list[Area]]:
    """Group boxes into rows, or columns, in their order."""
    bands: list[list[Area]] = []
    for box in sorted(boxes, key=lambda box: box.y if rows else box.x):
        if bands and _start(box, rows) < max(_end(other, rows) for other in bands[-1]):
            bands[-1].append(box)
        else:
            bands.append([box])
    return bands


def _start(box: Area, rows: bool) -> float:
    return box.y if rows else box.x


def _end(box: Area, rows: bool) -> float:
    return box.y + box.h if rows else box.x + box.w


def _around(boxes: Sequence[Area]) -> Area:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Area(left, top, max(_end(box, False) for box in boxes) - left, max(_end(box, True) for box in boxes) - top)


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
            ruled.append(bool(form[_INNER].mean() > 255 * STRONG))
            there = bool((ink[_INNER] > _INK).mean() > _SIDE) and not any(
                form[end].mean() < 255 * _ENDS and (ink[end] > _INK).mean() > 1 - _ENDS for end in (_BEFORE, _BEHIND)
            )
            seen.append(there if inside.mean() > 255 * STRONG else None)
    wanted = [there for known, there in zip(ruled, seen, strict=True) if there is not None and (known or sum(ruled) > 2)]
    return float(np.mean(wanted)) if len(wanted) > 1 else None


def _as_grid(box: Area, rows: bool) -> Grid:
    """A grid of one cell, with margins along the rulings of one direction."""
    x, y = (_MARGIN * box.w, 0.0) if rows else (0.0, _MARGIN * box.h)
    return Grid("box", Axis(("1",), (box.y - y, box.y + box.h + y)), Axis(("1",), (box.x - x, box.x + box.w + x)))
