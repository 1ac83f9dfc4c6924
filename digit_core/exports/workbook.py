"""A workbook (xlsx) of a collection: a sheet for each table or zone of the layout, and one of all numbers.

In the sheet of a table the rows of all pages stand under one another, each with its file and page; what a person has still to
decide is orange and leads to its place on the scan, what people decided is blue. Cells hold values that compute, and the text
where the kind of a number has none. Texts are texts, whatever they begin with: no spreadsheet runs one as a formula.

Rows go to temporary files as they come (openpyxl's write-only mode), so that memory stays the same however many there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from digit_core.exports.long_table import COLUMNS, CellValue, plain_number, row_of
from digit_core.exports.page_content import NumberOnPage, PageContent, xml_text
from digit_core.readings import State
from digit_core.results.cell_text import ordered

MOST_SHEETS = 100
"""Of tables: each is a temporary file that is open while the workbook is written."""

MOST_COLUMNS = 1000
MOST_ROWS = 1_048_576  # the format's own limit
LONGEST_TEXT = 32_767  # the format's own limit
MOST_LINKS, LONGEST_LINK = 65_530, 2_000  # of a sheet, and characters of one: spreadsheets refuse more
NUMBERS = "numbers"

_ORANGE, _GREY, _BLUE = "FFFFC000", "FFD9D9D9", "FFDDEBF7"
_COLOURS = {
    State.REVIEW: _ORANGE,
    State.UNREADABLE: _GREY,
    State.CONFIRMED: _BLUE,
    State.CORRECTED: _BLUE,
}
_FILLS = {state: PatternFill("solid", fgColor=colour) for state, colour in _COLOURS.items()}
_BOLD = Font(bold=True)
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_UNREAD = "?"
_OF_A_LINK = "/:#?&=,%~+@!$;()*'"
_NOTHING = (None, None, None)  # of the columns file, page and row

Zones = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class _Sheet:
    """A sheet that is being written; a further one of the same head goes on where it is full."""

    book: Any
    titles: _Titles
    name: str
    head: Sequence[str]
    rows: int = 0
    links: int = 0
    sheet: Any = None

    def append(
        self, values: Iterable[CellValue], fill: Sequence[PatternFill | None] = (), links: Sequence[_Link | None] = ()
    ) -> None:
        """Add a row; fill and links: of each of its cells."""
        if self.sheet is None or self.rows == MOST_ROWS:
            self.start()
        cells = [_cell(self.sheet, value, fill[at] if fill else None) for at, value in enumerate(values)]
        for cell, link in zip(cells, links, strict=False):
            if link is not None and self.links < MOST_LINKS:
                cell.hyperlink = Hyperlink(ref="", target=link.target, tooltip=link.tip)
                self.links += 1
        self.sheet.append(cells)
        self.rows += 1

    def start(self) -> None:
        """Begin a sheet with its head."""
        if self.sheet is not None:
            self.sheet.close()
        self.sheet = self.book.create_sheet(self.titles.free(self.name))
        self.sheet.freeze_panes = "A2"
        self.sheet.column_dimensions[get_column_letter(1)].width = 32
        cells = [_cell(self.sheet, name) for name in self.head]
        for cell in cells:
            cell.font = _BOLD
        self.sheet.append(cells)
        self.rows, self.links = 1, 0


@dataclass(frozen=True, slots=True)
class _Link:
    """Where a cell leads to, and what is told of it."""

    target: str
    tip: str


@dataclass(slots=True)
class _Titles:
    """Names of sheets: 31 characters at most, without some, each once whatever its case."""

    taken: set[str] = field(default_factory=set)

    def free(self, name: str) -> str:
        plain = _NOT_IN_NAMES.sub("-", xml_text(name)).strip("' ")[:31] or "table"
        title, at = plain, 1
        while title.casefold() in self.taken or title.casefold() == "history":  # which spreadsheets keep for themselves
            at += 1
            title = f"{plain[: 30 - len(str(at))]} {at}"
        self.taken.add(title.casefold())
        return title


def workbook(pages: Iterable[PageContent], zones: Zones, file: Path) -> int:
    """Write the workbook; returns how many numbers stand in its sheet of all. zones: the names of each table's columns.

    Tables beyond MOST_SHEETS and columns beyond MOST_COLUMNS stand in the sheet of all numbers only.
    """
    book, titles = Workbook(write_only=True), _Titles()
    everything = _Sheet(book, titles, NUMBERS, COLUMNS)
    everything.start()  # the first sheet, there even without a number
    shown = {zone: tuple(columns)[:MOST_COLUMNS] for zone, columns in list(zones.items())[:MOST_SHEETS]}
    sheets = {zone: _Sheet(book, titles, zone, ("file", "page", "row", *columns)) for zone, columns in shown.items()}
    count = 0
    for page in pages:
        for number in page.numbers:
            fill = _FILLS.get(State(number.state))
            everything.append(row_of(page, number).values(), [fill] * len(COLUMNS))
            count += 1
        for zone, cells in page.grids().items():
            if zone in sheets:
                _append_table(sheets[zone], page, cells, shown[zone])
    book.save(file)
    return count


def _append_table(sheet: _Sheet, page: PageContent, cells: Sequence[NumberOnPage], columns: Sequence[str]) -> None:
    """A row for each row of the page's table."""
    at = {(cell.row, cell.column): cell for cell in cells}
    for row in ordered([cell.row for cell in cells]):
        found = [at.get((row, column)) for column in columns]
        fills = [_FILLS.get(State(cell.state)) if cell else None for cell in found]
        links = [_link(page, cell) if cell and cell.unsure else None for cell in found]
        sheet.append([page.uri, page.number, row, *map(_shown, found)], [*_NOTHING, *fills], [*_NOTHING, *links])


def _link(page: PageContent, cell: NumberOnPage) -> _Link | None:
    """The place of a cell on its scan, and what was read there; None where no spreadsheet would open it."""
    target = page.link(cell.box)
    if page.uri.startswith("/"):
        target = f"file://{target}"
    target = quote(target, safe=_OF_A_LINK)
    return _Link(target, f"read as {xml_text(cell.text)[:100]!r}, {cell.confidence:.0%}") if len(target) <= LONGEST_LINK else None


def _shown(cell: NumberOnPage | None) -> CellValue:
    if cell is None:
        return ""
    if cell.value is not None:
        return plain_number(cell.value, cell.decimals)
    return cell.text or (_UNREAD if cell.unsure else "")


def _cell(sheet: Any, value: CellValue, fill: PatternFill | None = None) -> Any:
    """A text is marked as one, since openpyxl takes what begins with = for a formula."""
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, xml_text(value)[:LONGEST_TEXT] or None)
        if value:
            cell.data_type = "s"
    else:
        cell = WriteOnlyCell(sheet, value)
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        places = -exponent if isinstance(exponent, int) else 0
        cell.number_format = f"0.{'0' * places}" if places > 0 else "0"
    if fill is not None:
        cell.fill = fill
    return cell
