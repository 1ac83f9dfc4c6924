"""A page with its numbers, as every export needs it: out of rows of the tables `pages` and CORRECTED.

Boxes are in pixels of the scan, origin top left; pages count from 1, as in all that people see.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from digit_core.readings import State
from digit_core.records import Box, CellState
from digit_core.results.cell_text import SIGNS

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

UNSURE = frozenset({State.REVIEW, State.UNREADABLE})
"""States of numbers that nobody stands for yet."""


@dataclass(frozen=True, slots=True)
class NumberOnPage:
    """A number, or a cell of a form with what stands in it. text: as written, "" for a blank cell;
    confidence: 0 to 1, that all of it is right; zone, row, column: "" outside of tables; cell: a CellState, "" outside of cells.
    What follows is "" where there is none: the unit of the value, a date in ISO 8601, the result of the layout's sums, and who
    read and decided it.
    """

    number_id: str
    box: Box
    text: str
    digits: str
    value: float | None
    decimals: int | None
    kind: str
    state: str
    confidence: float
    zone: str
    row: str
    column: str
    cell: str
    unit: str = ""
    date: str = ""
    checks: str = ""
    model_version: str = ""
    machine_digits: str = ""
    second_digits: str = ""
    reviewer: str = ""
    decided: datetime | None = None

    @property
    def unsure(self) -> bool:
        """Whether a person has still to decide, or could not."""
        return self.state in UNSURE

    @property
    def in_grid(self) -> bool:
        """Whether it stands in a row or a column of a table."""
        return bool(self.zone and (self.row or self.column))


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page that was read. number: of the page in its file, from 1, of `count`; dpi: 0.0 if unknown; skew: degrees, clockwise,
    that the page lies turned by; numbers: in reading order, those that only people see last.
    """

    uri: str
    sha256: str
    number: int
    count: int
    width: int
    height: int
    dpi: float
    skew: float
    numbers: tuple[NumberOnPage, ...]

    @property
    def file_name(self) -> str:
        """The scan's name without its folders."""
        return PurePosixPath(self.uri).name

    def link(self, box: Box) -> str:
        """The address of a place on the scan: its URI with the page and the box (W3C Media Fragments) behind it."""
        page = f"page={self.number}&" if self.count > 1 else ""
        return f"{self.uri}#{page}xywh={box.x},{box.y},{box.w},{box.h}"

    def grids(self) -> dict[str, list[NumberOnPage]]:
        """The cells of each table by its name, in reading order."""
        found: defaultdict[str, list[NumberOnPage]] = defaultdict(list)
        for number in self.numbers:
            if number.in_grid:
                found[number.zone].append(number)
        return dict(found)


def pages_of(pages: pa.Table, numbers: pa.Table) -> Iterator[PageContent]:
    """The pages that could be read, with their rows of CORRECTED; rows of other pages are left out."""
    rows: defaultdict[tuple[str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for row in numbers.to_pylist():
        rows[row["file"], row["page"]].append(row)
    for page in pages.to_pylist():
        if page["state"] == "read":
            yield _page(page, rows[page["file"], page["page"]])


def xml_text(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold; U+FFFD stands for each."""
    return _NO_XML.sub("\ufffd", text)


def _page(page: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> PageContent:
    return PageContent(
        uri=page["file"],
        sha256=page["sha256"],
        number=page["page"],
        count=page["page_count"],
        width=page["width"],
        height=page["height"],
        dpi=page["dpi"],
        skew=page["skew"],
        numbers=tuple(_number(row) for row in rows),
    )


def _number(row: Mapping[str, Any]) -> NumberOnPage:
    """Results of earlier schemas do not tell everything."""
    cell = row["cell"] or ""
    sign = SIGNS.get(CellState(cell), "") if cell and not row["digits"] else ""
    return NumberOnPage(
        number_id=row["number_id"],
        box=Box(row["x"], row["y"], row["w"], row["h"]),
        text=sign or row["text"] or row["digits"],
        digits=row["digits"],
        value=row["value"],
        decimals=row["decimals"],
        kind=row["kind"] or "",
        state=row["state"],
        confidence=min(1.0, max(0.0, row["confidence"])),
        **{name: row[name] or "" for name in ("zone", "row", "column")},
        cell=cell,
        decided=row["decided"],
        **{name: row[name] or "" for name in ("unit", "date", "checks", "reviewer")},
        **{name: row[name] or "" for name in ("model_version", "machine_digits", "second_digits")},
    )
