"""A page's cells as tables: one table per grid, with the rows and columns of the form."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from digit_core.notation import NumberKind
from digit_core.readings import State
from digit_core.records import CellState
from digit_core.results.csv_export import guard

UNSURE = "?"
"""Sign after a number in review, and alone where something stands that nobody has read."""

_SIGNS = {CellState.DASH: "–", CellState.DITTO: "″", CellState.BLANK: ""}
_ZONES = "zones"
_POINTED = {None, NumberKind.INTEGER, NumberKind.DECIMAL, NumberKind.SIGNED}
"""Kinds of numbers that are shown with their point; results of earlier schemas have no kind."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WideTable:
    """A grid of a page, or its single zones. `cells`: texts by row and column, "" where the form has no cell."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: Mapping[tuple[str, str], str]

    def csv(self) -> str:
        """Format as RFC 4180, header first; the first column holds the names of the rows; guarded as by `csv_export.guard`."""
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(["row", *(guard(column) for column in self.columns)])
        for row in self.rows:
            texts = [self.cells.get((row, column), "") for column in self.columns]
            writer.writerow([guard(row), *(guard(text) for text in texts)])
        return out.getvalue()


def wide_tables(numbers: Iterable[Row]) -> list[WideTable]:
    """Return the tables of one page, from its rows of CORRECTED in reading order; numbers outside of cells are left out.

    Rows and columns keep the order in which they first appear; those named by numbers are sorted by number.
    """
    zones: dict[str, dict[tuple[str, str], str]] = {}
    for number in numbers:
        if number["zone"]:
            grid = number["zone"] if number["row"] or number["column"] else _ZONES
            place = (number["row"], number["column"]) if grid == number["zone"] else (number["zone"], "value")
            zones.setdefault(grid, {})[place] = text_of(number)
    return [_table(name, cells) for name, cells in zones.items()]


def _table(name: str, cells: Mapping[tuple[str, str], str]) -> WideTable:
    return WideTable(name, ordered(column for _, column in cells), ordered(row for row, _ in cells), cells)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names once each, in the order in which they first appear; sorted by number where all are numbers."""
    kept = list(dict.fromkeys(names))
    return tuple(sorted(kept, key=int) if all(name.isascii() and name.isdecimal() for name in kept) else kept)


def text_of(number: Row) -> str:
    """Return the text of a cell: the number with its point, with a ? until a person has decided; a sign for a mark that is no
    number."""
    waits = number["state"] in (State.REVIEW, State.UNREADABLE)
    if not number["digits"]:
        return UNSURE if waits else _SIGNS.get(CellState(number["cell"]), number["text"] or "") if number["cell"] else ""
    text = _with_point(number)
    return f"{text}{UNSURE}" if waits else text


def _with_point(number: Row) -> str:
    """Format with the decimals of the form, or those that were read; as written where neither is known."""
    decimals = number["decimals"]
    if decimals is None or not number["digits"].isdecimal() or number.get("kind") not in _POINTED:
        return str(number["text"] or number["digits"])
    digits = number["digits"] if len(number["digits"]) >= decimals else number["digits"].rjust(decimals + 1, "0")
    sign = "-" if number["value"] is not None and number["value"] < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits


def file_name(uri: str, page_index: int, sha256: str, table: str) -> str:
    """Return a name for a page's table that is safe on any disk and unique: stem, page from 1, part of the hash, table."""
    stem = _safe(PurePosixPath(uri).stem)[:80]
    return f"{stem}-{page_index + 1}-{sha256[:8]}-{_safe(table)[:60]}.csv"


def _safe(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.") or "table"


def by_page(rows: Sequence[Row]) -> list[list[Row]]:
    """Group the rows by page, in the order in which pages first appear."""
    pages: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        pages.setdefault((row["uri"], row["page_index"]), []).append(row)
    return list(pages.values())
