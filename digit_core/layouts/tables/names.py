"""Names of a table's rows and columns: which of them hold names and no numbers, and the printed numbers among these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digit_core.imaging.line_detection import LineMaps, with_broken_rulings
from digit_core.layouts.tables.content import CellContents, Flags, Floats, NumberSeen, content_of, place_of
from digit_core.layouts.tables.margins import margins_of, without_slits
from digit_core.layouts.template import Axis, Grid

_WORDS = 0.25
"""Share of the inked cells that hold a number, below which a row or a column holds words."""

_FEWEST = 2
"""Number of inked cells from which a row or a column says what it holds."""

_PRINTED, _BY_HAND = 0.3, 0.1
"""Median probability of print of a row or column of printed names, in a table that is written by hand."""

_MATCHES, _SERIES = 0.6, 3
"""Share of the numbers read in a row or column that must go up by one, and their least number, for them to be its names."""

_FIRST = 3
"""First number found of a series up to which it begins with 1."""

_NONE, _INKED = 0.1, 0.5
"""Share of the inked cells that may hold a number, and of all cells that must be inked, in a row of names between others."""

_ROOM = 1.6
"""Usual widths of a column, or heights of a row, beside the table in which its names may stand without a ruling around them."""

_EVEN_ROWS, _EVEN, _MOST, _HIGHER = 8, 0.2, 0.75, 2.2
"""Number of rows that tell a height, share of it by which one may differ, share of them that must not, and heights of a foot."""

_MARGIN = 0.5
"""Share of a table's rows or columns that hold ink, from which an empty one at its end is no part of it."""

Names = dict[int, str]
"""A name by the index of its row or column."""


def named(grid: Grid, maps: LineMaps, written: Sequence[NumberSeen]) -> Grid:
    """Return the grid without the rows and columns of names at its ends, and with those in between skipped.

    Names are the numbers that go up by one, such as days, hours and years; row1, row2 … or column1, column2 … where one is
    missing, and 1, 2 … where none is read. A grid in which no number is found is only named.
    """
    ruled = with_broken_rulings(maps)
    grid = without_slits(grid, content_of(grid, maps, written), ruled)
    row_names, column_names = _series(grid, written, rows=True), _series(grid, written, rows=False)
    content = content_of(grid, maps, written)
    margins = margins_of(grid, content, ruled)
    rows, columns = _labels(content.without_columns(margins), row_names.holder, column_names.holder)
    columns |= margins
    rows |= _higher_ends(np.diff(grid.rows.edges)) & ~content.numbers.any(axis=1)
    kept = grid if rows.all() or columns.all() else _cut(grid, rows, columns)
    first_row, first_column = grid.rows.edges.index(kept.rows.edges[0]), grid.columns.edges.index(kept.columns.edges[0])
    named_rows = _axis(kept.rows, row_names.names, first_row, "row")
    named_columns = _axis(kept.columns, column_names.names, first_column, "column")
    skipped_rows = tuple(name for i, name in enumerate(named_rows.names) if kept is not grid and rows[first_row + i])
    skipped_columns = tuple(name for i, name in enumerate(named_columns.names) if kept is not grid and columns[first_column + i])
    return replace(kept, rows=named_rows, columns=named_columns, skip_rows=skipped_rows, skip_columns=skipped_columns)


class _Found:
    """A series of names: by index, and the row or column that holds them, None where they stand beside the table."""

    def __init__(self, names: Names, holder: int | None) -> None:
        self.names, self.holder = names, holder


def _series(grid: Grid, written: Sequence[NumberSeen], *, rows: bool) -> _Found:
    """Find the longest series of names of the rows, or of the columns, within the table or beside it."""
    own, other = (grid.rows, grid.columns) if rows else (grid.columns, grid.rows)
    edges, across = np.array(own.edges), _with_room(np.array(other.edges))
    lines: dict[int, Names] = {}
    for one in written:
        x, y = one.middle
        at, line = (place_of(edges, y), place_of(across, x)) if rows else (place_of(edges, x), place_of(across, y))
        if 0 <= at < len(own.names) and 0 <= line < len(across) - 1:
            lines.setdefault(line - 1, {})[at] = one.digits
    found = {line: names for line, read in lines.items() if (names := _going_up(read))}
    if not found:
        return _Found({}, None)
    best = max(found, key=lambda line: len(found[line]))
    return _Found(found[best], best if 0 <= best < len(other.names) else None)


def _with_room(edges: Floats) -> Floats:
    room = _ROOM * float(np.median(np.diff(edges)))
    return np.concatenate([[edges[0] - room], edges, [edges[-1] + room]])


def _going_up(read: Names) -> Names | None:
    """Return the numbers from the first to the last that fits in a series that goes up by one; None if most do not."""
    starts = Counter(int(digits) - at for at, digits in read.items() if digits.isdigit() and len(digits) <= 4)
    if not starts:
        return None
    start, count = starts.most_common(1)[0]
    if count < max(_SERIES, _MATCHES * len(read)):
        return None
    fitting = [at for at, digits in read.items() if digits.isdigit() and int(digits) - at == start]
    first = min(fitting)
    if 1 < start + first <= _FIRST:  # a slender 1 is easily missed
        first = max(0, 1 - start)
    return {at: str(start + at) for at in range(first, max(fitting) + 1)}


def _labels(content: CellContents, names_column: int | None, names_row: int | None) -> tuple[Flags, Flags]:
    """Tell which rows and which columns hold no numbers to be read."""
    shape = content.inked.shape
    rows, columns = np.zeros(shape[0], bool), np.zeros(shape[1], bool)
    if names_row is not None:
        rows[names_row] = True
    if names_column is not None:
        columns[names_column] = True
    if not content.numbers.any():
        return rows, columns
    for _ in range(2):
        columns |= _words(content.part(~rows, np.ones_like(columns)), 0)
        rows |= _words(content.part(np.ones_like(rows), ~columns), 1)
    rows &= _outer(rows) | _clearly_names(content.part(np.ones_like(rows), ~columns))
    rows |= _empty_ends(np.asarray(content.inked.any(axis=1)))
    columns |= _empty_ends(_columns_with_content(content))
    return rows, columns


def _outer(labels: Flags) -> Flags:
    """Tell which of the labels are at either end, one after the other."""
    return np.asarray(np.logical_and.accumulate(labels) | np.logical_and.accumulate(labels[::-1])[::-1])


def _clearly_names(content: CellContents) -> Flags:
    """Tell which rows can only be names: notes and ticks of a few cells make no such row."""
    inked, numbers = content.inked.mean(axis=1), content.numbers.sum(axis=1) / np.maximum(content.inked.sum(axis=1), 1)
    return np.asarray((inked >= _INKED) & ((numbers < _NONE) | _printed(content, 1)))


def _words(content: CellContents, axis: int) -> Flags:
    """Tell which columns (axis 0) or rows (1) hold words, or print where the others are written by hand."""
    inked, numbers = content.inked.sum(axis=axis), content.numbers.sum(axis=axis)
    words = (inked >= _FEWEST) & (numbers < _WORDS * inked)
    return np.asarray(words | _printed(content, axis))


def _printed(content: CellContents, axis: int) -> Flags:
    """Tell which columns (axis 0) or rows (1) are printed numbers in a table that is written by hand."""
    by_hand = content.numbers.any() and np.nanmedian(content.printed[content.numbers]) < _BY_HAND
    lines = content.printed if axis else content.printed.T
    many = [len(line[~np.isnan(line)]) >= _FEWEST and np.nanmedian(line) > _PRINTED for line in lines]
    return np.array(many, bool) & bool(by_hand)


def _columns_with_content(content: CellContents) -> Flags:
    """Tell which columns have a number, or ink in more than one cell: more than a speck."""
    return np.asarray(content.numbers.any(axis=0) | (content.inked.sum(axis=0) >= _FEWEST))


def _empty_ends(inked: Flags) -> Flags:
    """Tell which lines at either end are empty, where most others are not: margins of the page."""
    empty = np.zeros_like(inked)
    if inked.mean() > _MARGIN:
        empty[: int(inked.argmax())] = True
        empty[len(inked) - int(inked[::-1].argmax()) :] = True
    return empty


def _higher_ends(heights: Floats) -> Flags:
    """Tell whether the first and the last row are much higher than all others, which are even: a head or a foot."""
    found = np.zeros(len(heights), bool)
    usual = float(np.median(heights))
    if len(heights) >= _EVEN_ROWS and float(np.mean(np.abs(heights - usual) < _EVEN * usual)) > _MOST:
        found[[0, -1]] = heights[[0, -1]] > _HIGHER * usual
    return found


def _cut(grid: Grid, rows: Flags, columns: Flags) -> Grid:
    return replace(grid, rows=_without_ends(grid.rows, rows), columns=_without_ends(grid.columns, columns))


def _without_ends(axis: Axis, labels: Flags) -> Axis:
    first, last = int((~labels).argmax()), len(labels) - int((~labels)[::-1].argmax())
    return Axis(axis.names[first:last], axis.edges[first : last + 1])


def _axis(axis: Axis, names: Names, first: int, word: str) -> Axis:
    """Return the axis with the names that were read, row1, row2 … by place for others, and 1, 2 … where none was read."""
    if not any(first <= at < first + len(axis.names) for at in names):
        return Axis(tuple(str(i + 1) for i in range(len(axis.names))), axis.edges)
    called = tuple(names.get(first + i, f"{word}{i + 1}") for i in range(len(axis.names)))
    return Axis(called, axis.edges)
