"""A page's tables as CSV files that compute: one for each grid, with the rows and columns of the form, and one for its zones.

A cell has its value, or its text where the kind of the number has none, such as a date; marks that stand for no number leave it
empty. The last column, `review`, names the columns of the row whose number a person has still to decide.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from digit_core.exports.csv_files import guard
from digit_core.exports.long_table import CellValue, plain_number
from digit_core.exports.page_content import NumberOnPage, PageContent
from digit_core.results.cell_text import ordered

_ZONES, _ZONE = "zones", "zone"
_REVIEW, _VALUE = "review", "value"
_BETWEEN = "; "


@dataclass(frozen=True, slots=True)
class WideTable:
    """A grid of a page, or its single zones. `cells`: numbers by row and column, which the form need not have everywhere."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: Mapping[tuple[str, str], NumberOnPage]
    first: str = "row"
    """Name of the column with the names of the rows."""

    @property
    def head(self) -> tuple[str, ...]:
        """The names of the columns of the file, each once, whatever those of the form are called."""
        return (_free(self.first, self.columns), *self.columns, _free(_REVIEW, self.columns))

    def csv(self) -> str:
        """Format as RFC 4180, header first; texts are guarded as by `csv_files.guard`."""
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(map(guard, self.head))
        for row in self.rows:
            found = [self.cells.get((row, column)) for column in self.columns]
            waiting = [column for column, cell in zip(self.columns, found, strict=True) if cell is not None and cell.unsure]
            writer.writerow(map(_guarded, [row, *map(value_of, found), _BETWEEN.join(waiting)]))
        return out.getvalue()


def value_of(cell: NumberOnPage | None) -> CellValue:
    """Return what computes in a cell: its value, or its text where its kind has none; "" for none, and for a mark."""
    if cell is None:
        return ""
    if cell.value is not None:
        return plain_number(cell.value, cell.decimals)
    return cell.text if cell.digits else ""


def wide_tables(page: PageContent) -> list[WideTable]:
    """Return the tables of a page; numbers outside of cells are left out.

    Rows and columns keep the order in which they first appear; those named by numbers are sorted by number.
    """
    zones = {(one.zone, _VALUE): one for one in page.numbers if one.zone and not one.in_grid}
    grids = {name: {(one.row, one.column): one for one in cells} for name, cells in page.grids().items()}
    tables = [WideTable(name, *_names(cells), cells) for name, cells in grids.items()]
    return [*tables, WideTable(_free(_ZONES, grids), *_names(zones), zones, _ZONE)] if zones else tables


def _names(cells: Mapping[tuple[str, str], NumberOnPage]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the columns and of the rows."""
    return ordered(column for _, column in cells), ordered(row for row, _ in cells)


def _guarded(value: CellValue) -> CellValue:
    return guard(value) if isinstance(value, str) else value


def _free(name: str, taken: Iterable[str]) -> str:
    taken = set(taken)
    while name in taken:
        name = f"{name}_"
    return name


def file_name(page: PageContent, table: str) -> str:
    """Return a name for a page's table that is safe on any disk and unique: stem, page, part of the hash, table."""
    stem = _safe(PurePosixPath(page.uri).stem)[:80]
    return f"{stem}-{page.number}-{page.sha256[:8]}-{_safe(table)[:60]}.csv"


def _safe(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.") or "table"
