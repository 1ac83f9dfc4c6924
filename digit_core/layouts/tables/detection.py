"""Detection of ruled tables: rulings that cross form a table, and those that run through most of it are its edges."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps, Segments, segments_of, with_broken_rulings
from digit_core.layouts.tables.rulings import crossing_most, reached, rulings, single, through_most, with_open_ends, with_regular
from digit_core.layouts.tables.writing import with_rows_of_writing
from digit_core.layouts.template import Axis, Grid
from digit_core.records import Grey

_TOUCH = 0.012
"""Gap, as a share of the page's longer side, that a ruling may leave before the one it should reach."""

_THROUGH_ROWS, _THROUGH = 0.3, 0.55
"""Least ruled share of a table's height for an edge of its columns; and of its rows or columns that an edge of the others runs
through."""

_INK, _TALL, _STROKES = 30, 7, 0.4
"""Darkness of ink, least height of a stroke in map pixels, and share of a row's ink from which it is writing."""

_SOLID = 0.8
"""Share of a row that is ink in a ruling, however thick, and not in a line of text."""

_FEWEST = 2
"""Least number of rows and columns of a table."""

Edges = tuple[list[float], list[float]]
"""x of the edges of a table's columns, and y of those of its rows."""


def ruled_tables(maps: LineMaps) -> tuple[Grid, ...]:
    """Return the tables of a page in reading order, as grids table1, table2 … with rows and columns 1, 2 …, in pixels of the
    page."""
    maps = with_broken_rulings(maps)
    across, down = segments_of(maps.across), segments_of(np.ascontiguousarray(maps.down.T))[:, [1, 0, 3, 2]]
    found = [_edges(across[rows], down[columns], maps) for rows, columns in _crossing(across, down, maps.side)]
    tables = [(xs, ys) for xs, ys in found if len(xs) > _FEWEST and len(ys) > _FEWEST]
    tables.sort(key=lambda table: (table[1][0], table[0][0]))
    return tuple(_grid(f"table{number}", xs, ys, maps.scale) for number, (xs, ys) in enumerate(_apart(tables), start=1))


def _crossing(across: Segments, down: Segments, side: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return indices of the rulings of each table: connected ones, after removing all that cross fewer than two others."""
    reach = _TOUCH * side
    y, x = across[:, [1, 3]].mean(axis=1), down[:, [0, 2]].mean(axis=1)
    cross = (x > across[:, :1] - reach) & (x < across[:, 2:3] + reach)
    cross &= (y[:, None] > down[:, 1] - reach) & (y[:, None] < down[:, 3] + reach)
    while True:
        rows, columns = cross.sum(axis=1) >= 2, cross.sum(axis=0) >= 2
        kept = cross & rows[:, None] & columns
        if (kept == cross).all():
            break
        cross = kept
    table_of_row, table_of_column = _connected(cross)
    return [
        (np.flatnonzero(table_of_row == one), np.flatnonzero(table_of_column == one)) for one in np.unique(table_of_row[rows])
    ]


def _connected(cross: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each row and each column of a matrix (n, m) the least row that it is connected with; n for columns without any.

    In NumPy: importing scipy's graphs would cost a quarter of a second on the first ruled page.
    """
    none = len(cross)
    of_rows = np.arange(none)
    while True:
        of_columns = np.where(cross, of_rows[:, None], none).min(axis=0, initial=none)
        least = np.minimum(of_rows, np.where(cross, of_columns, none).min(axis=1, initial=none))
        if (least == of_rows).all():
            return of_rows, of_columns
        of_rows = least


def _edges(across: Segments, down: Segments, maps: LineMaps) -> Edges:
    """Return the edges of a table with these rulings, in pixels of the maps."""
    side = maps.side
    height, width = _extent(across[:, [1, 3]]), _extent(down[:, [0, 2]])
    columns = [one for one in rulings(down[:, [1, 0, 3, 2]], sum(height) / 2, side) if one.within(*height) >= _THROUGH_ROWS]
    lines = [one for one in rulings(across, sum(width) / 2, side) if not _through_writing(one.at, width, maps.darkness)]
    rows = crossing_most(lines, single(columns, side), _THROUGH)
    columns = through_most(columns, rows, _THROUGH)
    rows = crossing_most(lines, single(columns, side), _THROUGH)
    if min(len(columns), len(rows)) < 2:
        return [], []
    rows, columns = with_regular(single(rows, side)), single(columns, side)
    ys = reached(with_open_ends([row.at for row in rows], columns, side), columns)
    xs = reached(with_open_ends([column.at for column in columns], rows, side), rows)
    return xs, with_rows_of_writing(ys, xs, maps) if len(xs) > 1 < len(ys) else ys


def _extent(places: NDArray[np.float64]) -> tuple[float, float]:
    middles = places.mean(axis=1)
    return float(middles.min()), float(middles.max())


def _through_writing(edge: float, span: tuple[float, float], darkness: Grey) -> bool:
    """Tell whether most of the ink along a row belongs to upright strokes: then it is a line of text, not a ruling."""
    start, stop = (max(0, round(end)) for end in span)
    first = max(0, round(edge) - _TALL - 3)
    ink = cv2.threshold(darkness[first : round(edge) + _TALL + 4, start:stop], _INK, 1, cv2.THRESH_BINARY)[1]
    tall = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((_TALL, 1), np.uint8))
    line = slice(max(0, round(edge) - first - 2), round(edge) - first + 2)
    solid = float(ink[line].max(axis=0, initial=0).mean()) > _SOLID
    return not solid and float(tall[line].sum()) > _STROKES * max(1.0, float(ink[line].sum()))


def _apart(tables: Sequence[Edges]) -> list[Edges]:
    """Drop tables whose middle lies in another one."""

    def within(one: Edges, other: Edges) -> bool:
        middles = ((axis[0] + axis[-1]) / 2 for axis in one)
        return all(axis[0] < middle < axis[-1] for middle, axis in zip(middles, other, strict=True))

    return [one for one in tables if not any(one is not other and within(one, other) for other in tables)]


def _grid(name: str, xs: list[float], ys: list[float], scale: float) -> Grid:
    return Grid(name, _axis(ys, scale), _axis(xs, scale))


def _axis(edges: list[float], scale: float) -> Axis:
    return Axis(tuple(str(i) for i in range(1, len(edges))), tuple(round(edge / scale, 1) for edge in edges))
