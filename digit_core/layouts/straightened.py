"""A grid of a form as it lies on a page, drawn straight: its own rulings and the page's as pictures that can be compared.

A picture is of one direction, with rulings from left to right: for a grid's columns it is turned on its side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps, drawn
from digit_core.imaging.prepare import Mask
from digit_core.layouts.template import Grid, Layout
from digit_core.records import Grey

Floats = NDArray[np.float64]

ToPage = Callable[[Floats], Floats]
"""Takes places of the form (n, 2) to places of the prepared page."""

_ACROSS = 300  # of which 25 lie in either margin of a box (digit_core.layouts.grid_check)
"""Samples along a ruling."""

_MOST = 4000
"""Samples across the rulings at most: enough for any page at the size of its maps."""

_BEYOND = 2.6
"""Rows or columns that are looked at on either side of the grid."""

_FAR = 30_000
"""Pixels of a picture beyond which nothing is drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Straightened:
    """One direction of a grid. All pictures have a row for each of `places`, in units of the form, and `_ACROSS` columns.

    edges: of the grid, in units of the form. form, page: 255 where a ruling of this direction goes through; form_crossing,
    page_crossing: where one of the other direction does; darkness: of the page; inside: 255 where there is a page. near: by how
    many rows of the picture a ruling may lie off.
    """

    edges: Floats
    places: Floats
    along: Floats
    form: Mask
    page: Mask
    form_crossing: Mask
    page_crossing: Mask
    darkness: Grey
    inside: Mask
    near: int

    @property
    def rows(self) -> Floats:
        """(n,) where each row of the picture is in rows of the grid: 0 at its first edge, below 0 before it."""
        count, pitch = len(self.edges) - 1, float(np.median(np.diff(self.edges)))
        inner = np.interp(self.places, self.edges, np.arange(count + 1))
        before, behind = np.minimum(self.places - self.edges[0], 0), np.maximum(self.places - self.edges[-1], 0)
        return np.asarray(inner + (before + behind) / pitch)


def straightened(layout: Layout, grid: Grid, rows: bool, to_page: ToPage, maps: LineMaps, near: float) -> Straightened:
    """The grid's rows, or its columns, on a page with these rulings; near: map pixels that a ruling may lie off."""
    own, other = (grid.rows, grid.columns) if rows else (grid.columns, grid.rows)
    edges = np.array(own.edges, np.float64)
    beyond = _BEYOND * float(np.median(np.diff(edges)))
    ends = float(edges[0] - beyond), float(edges[-1] + beyond)
    middle = (other.edges[0] + other.edges[-1]) / 2
    first, last = to_page(np.array([(middle, end) if rows else (end, middle) for end in ends])) * maps.scale
    size = int(np.clip(np.hypot(*(last - first)), 8, _MOST))
    places, along = np.linspace(ends[0], ends[1], size), np.linspace(other.edges[0], other.edges[-1], _ACROSS)
    x, y = np.meshgrid(along, places)
    points = np.stack([x.ravel(), y.ravel()] if rows else [y.ravel(), x.ravel()], axis=1)
    where = (to_page(points) * maps.scale).astype(np.float32).reshape(size, _ACROSS, 2)
    page, crossing = (maps.across, maps.down) if rows else (maps.down, maps.across)
    lines = (layout.lines.horizontal, layout.lines.vertical)
    form, form_crossing = (_picture(part, rows, along, places) for part in (lines if rows else lines[::-1]))
    seen, seen_crossing, darkness, inside = (
        _sampled(picture, where) for picture in (page, crossing, maps.darkness, np.full_like(page, 255))
    )
    return Straightened(edges, places, along, form, seen, form_crossing, seen_crossing, darkness, inside, max(1, round(near)))


def _sampled(picture: Mask, where: NDArray[np.float32]) -> Mask:
    x, y = np.ascontiguousarray(where[..., 0]), np.ascontiguousarray(where[..., 1])
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_NEAREST), np.uint8)


def _picture(lines: Sequence[tuple[float, float, float, float]], rows: bool, along: Floats, places: Floats) -> Mask:
    """The form's rulings of one direction, drawn in the picture."""
    segments = np.array(lines, np.float64).reshape(-1, 2, 2)
    ends = segments if rows else segments[:, :, ::-1]
    ends = (ends - (along[0], places[0])) / (along[1] - along[0], places[1] - places[0])
    ends = ends[(np.abs(ends) < _FAR).all(axis=(1, 2))]
    return drawn(ends.reshape(-1, 4), (len(places), len(along)))
