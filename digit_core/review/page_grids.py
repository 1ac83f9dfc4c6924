"""A page as reviewers see it: its numbers as grids, and the totals that a layout declares between their cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from digit_core.layouts.arithmetic.constraints import relations
from digit_core.layouts.template import Layout, Place, Rule
from digit_core.results.cell_text import ordered, text_of
from digit_core.spread import on_side

Row = Mapping[str, Any]
RowColumn = tuple[str, str]
"""Names of a row and a column."""

LOOSE = "numbers"
"""Name of the grid of the numbers that stand in no cell: its rows are the lines of the page."""


_SUMS = (Rule.TOTAL, Rule.RUNNING)
"""Checks that are shown as sums."""

WAITS = "…"
"""Text of a number that waits for a person."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """A number in its grid, with its box x, y, w, h in pixels of the scan.

    text and state: of a number that waits for a person they are WAITS and "", because its reading may have to be hidden.
    decimals: digits after the point that the form declares, None where it does not.
    """

    number_id: str
    place: RowColumn
    text: str
    state: str
    box: tuple[int, int, int, int]
    decimals: int | None


@dataclass(frozen=True, slots=True)
class PageGrid:
    """A grid of a page: the names of its rows and columns in order, and its cells."""

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """The cell `into` of a grid is the sum of the cells `of`."""

    grid: str
    of: tuple[RowColumn, ...]
    into: RowColumn


def page_grids(numbers: Iterable[Row], waiting: Collection[str] = ()) -> list[PageGrid]:
    """Return the grids of a page, from its rows of CORRECTED in reading order; single zones are rows of one column.

    waiting: ids of the numbers that wait for a person.
    """
    numbers = [_blind(number) if number["number_id"] in waiting else number for number in numbers]
    placed = [(one["zone"], _cell(one, (one["row"], one["column"] or "value"))) for one in numbers if one["zone"]]
    loose = groupby((number for number in numbers if not number["zone"]), key=lambda number: number["line"])
    for at, (_, line) in enumerate(loose, start=1):
        placed += [(LOOSE, _cell(number, (str(at), str(nth)))) for nth, number in enumerate(line, start=1)]
    grids: dict[str, list[GridCell]] = {}
    for name, cell in placed:
        grids.setdefault(name, []).append(cell)
    return [_grid(name, cells) for name, cells in grids.items()]


def totals(layout: Layout, side: str = "") -> list[Total]:
    """Return the totals that the layout declares within its grids, a running total step by step; side: of the layout's page on a
    scan of two, "" for one."""
    sums = (one for one in relations(layout) if layout.checks[one.check].rule in _SUMS and layout.checks[one.check].grid)
    return [_total([place for place, _ in one.terms], side) for one in sums]


def _total(places: Sequence[Place], side: str) -> Total:
    """Return the total whose last place is the sum of the others."""
    *of, into = ((place.row, place.column) for place in places)
    return Total(on_side(places[-1].zone, side), tuple(of), into)


def _blind(number: Row) -> Row:
    return {**number, "digits": WAITS, "text": WAITS, "state": "", "value": None}


def _cell(number: Row, place: RowColumn) -> GridCell:
    box = (number["x"], number["y"], number["w"], number["h"])
    return GridCell(number["number_id"], place, text_of(number), number["state"], box, number["decimals"])


def _grid(name: str, cells: list[GridCell]) -> PageGrid:
    rows, columns = ordered(cell.place[0] for cell in cells), ordered(cell.place[1] for cell in cells)
    return PageGrid(name, rows, columns, tuple(cells))
