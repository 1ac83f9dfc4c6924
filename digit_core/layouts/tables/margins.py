"""Columns that are none: the margin between a table's frame and the edge of the page, and slits between the lines of a ruling."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.layouts.tables.content import CellContents, Flags, Floats
from digit_core.layouts.template import Axis, Grid
from digit_core.records import Grey

_HEAD = 3
"""Rulings of the head: the first ones of a table."""

_NEAR = 5
"""Map pixels beside an edge in which its ruling passes."""

_RUNS, _STOPS = 0.8, 0.5
"""Share of a column from which a ruling runs through it, and below which it stops before it."""

_NARROW, _SLENDER, _EMPTY = 0.6, 1.1, 0.05
"""Usual widths of a column, heights of a row, and share of inked cells of which a slit has less: numbers need more room."""


def margins_of(grid: Grid, content: CellContents, maps: LineMaps) -> Flags:
    """Tell which columns at the ends are the page's margin: they hold no number, and a ruling of the head, which runs through all
    others, stops before them. Rulings of paper that is ruled all over run on to its edge.

    maps: with broken rulings.
    """
    found = np.zeros(len(grid.columns.names), bool)
    if len(found) < _HEAD:
        return found
    for edge in grid.rows.edges[:_HEAD]:
        drawn = _drawn(maps.across, edge * maps.scale, np.array(grid.columns.edges) * maps.scale)
        if (drawn[1:-1] >= _RUNS).all():
            found[[0, -1]] |= drawn[[0, -1]] < _STOPS
    return np.asarray(found & ~content.numbers.any(axis=0))


def without_slits(grid: Grid, content: CellContents, maps: LineMaps) -> Grid:
    """Return the grid with each slit joined to a neighbour: a narrow column within it that is empty where most are not.

    Of its two edges the one goes that is drawn the least. maps: as for `margins_of`.
    """
    widths = np.diff(grid.columns.edges)
    inked = content.inked.mean(axis=0)
    narrowest = min(_NARROW * float(np.median(widths)), _SLENDER * float(np.median(np.diff(grid.rows.edges))))
    slits = (widths < narrowest) & (inked <= _EMPTY) & (np.mean(inked > _EMPTY) > 0.5)
    slits[[0, -1]] = False
    edges = list(grid.columns.edges)
    rows = np.array([grid.rows.edges[0], grid.rows.edges[-1]]) * maps.scale
    down = np.ascontiguousarray(maps.down.T)
    for at in np.flatnonzero(slits).tolist():
        both = grid.columns.edges[at], grid.columns.edges[at + 1]
        faint = min(both, key=lambda edge: float(_drawn(down, edge * maps.scale, rows)[0]))
        if faint in edges:
            edges.remove(faint)
    return replace(grid, columns=Axis(tuple(str(i) for i in range(1, len(edges))), tuple(edges)))


def _drawn(runs: NDArray[np.uint8] | Grey, at: float, edges: Floats) -> Floats:
    """Return the share of the way between each two edges in which a horizontal ruling passes at this height."""
    height, width = runs.shape
    first, last = max(0, round(at) - _NEAR), min(height, round(at) + _NEAR + 1)
    passes = np.asarray(runs[first:last].any(axis=0), bool) if first < last else np.zeros(width, bool)
    sides = np.clip(np.rint(edges).astype(int), 0, width)
    return np.array([float(passes[left:right].mean()) if left < right else 0.0 for left, right in pairwise(sides.tolist())])
