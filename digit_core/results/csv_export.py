"""The numbers as one CSV file (RFC 4180) with a datapackage.json that describes it.

The first two columns are the scan and the value on it. Text is quoted, so that digits keep their leading zeros in readers that
distinguish text from numbers.

A spreadsheet takes text that starts with = + - @ (also full width), a tab or a line end for a formula, even within quotes (OWASP,
"CSV Injection"). Such a text gets one ' before it, the spreadsheets' mark for text; so does a text that starts with ' itself, so
that removing one leading ' always restores the text (`unguard`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from digit_core.notation import NumberKind
from digit_core.readings import State
from digit_core.records import CellState

_RISKY = tuple("'=+-@\t\r\n＝＋－＠")
_CHUNK = 4096
_GUARD = "A leading ' protects text that a spreadsheet would run as a formula: remove one to get the text itself."

_SOURCE = {
    "file": "uri",
    **{name: name for name in ("value", "digits", "text", "kind")},
    "page": "page_index",
    **{name: name for name in ("zone", "row", "column", "cell", "checks")},
    **{name: name for name in ("x", "y", "w", "h", "confidence", "state", "number_id", "model_version")},
    **{name: name for name in ("machine_digits", "second_digits", "reviewer", "decided")},
}
COLUMNS = tuple(_SOURCE)


class _Echo:
    """A file for csv.writer whose `write` returns the line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def numbers_csv(tables: Iterable[pa.Table]) -> Iterator[str]:
    """Yield lines, header first, each with its CRLF, of tables CORRECTED (digit_core.review.corrections); one table is in memory
    at a time.

    Write them with newline="" and UTF-8. `page` counts from 1; `confidence` is rounded to six places.
    """
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_NONNUMERIC)
    yield str(writer.writerow(COLUMNS))
    for table in tables:
        for batch in table.select([*_SOURCE.values(), "decimals"]).to_batches(max_chunksize=_CHUNK):
            columns = {name: _cells(name, batch.column(at)) for at, name in enumerate(COLUMNS)}
            columns["value"] = _numbers(columns["value"], batch.column("decimals").to_pylist())
            for row in zip(*columns.values(), strict=True):
                yield str(writer.writerow(row))


def guard(text: str) -> str:
    """Protect text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def unguard(text: str) -> str:
    """Restore the text that `guard` protected."""
    return text.removeprefix("'")


def _cells(name: str, column: pa.Array) -> list[Any]:
    values = column.to_pylist()
    if name == "page":
        return [index + 1 for index in values]
    if name == "decided":
        return [value.isoformat(timespec="seconds") if value else "" for value in values]
    if name == "confidence":
        return [round(value, 6) for value in values]
    return [guard(value or "") for value in values] if pa.types.is_string(column.type) else values


def _numbers(values: Iterable[float | None], decimals: Iterable[int | None]) -> list[Decimal | str]:
    """Format values with their decimals, by the form or as written, and "" for None."""
    return ["" if value is None else _number(value, places) for value, places in zip(values, decimals, strict=True)]


def _number(value: float, places: int | None) -> Decimal:
    """Format a value; a fraction or an angle without fixed decimals gets as many digits as it needs."""
    if places is None and not value.is_integer():
        return Decimal(f"{value:.12g}")
    return Decimal(f"{value:.{places or 0}f}")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that was written: its bare name, the SHA-256 and the bytes of its content, and its rows without the header.

    Raises ValueError for a name with a folder.
    """

    name: str
    sha256: str
    size: int
    rows: int

    def __post_init__(self) -> None:
        if self.name in ("", ".", "..") or "/" in self.name or "\\" in self.name:
            raise ValueError(f"datapackage.json lies beside its CSV file: give a bare file name, not {self.name!r}")


def datapackage(numbers: CsvFile, tables: Iterable[tuple[CsvFile, str, Sequence[str]]] = ()) -> dict[str, Any]:
    """Build the descriptor of a CSV file of `numbers_csv` in the same folder: Data Package 2.0 (datapackage.org/standard).

    tables: the files of `digit_core.results.page_tables` in that folder, each with its scan and the names of its columns.
    """
    wide = [_resource(file, {"fields": _wide_fields(columns)}) | {"title": title} for file, title, columns in tables]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "handwritten-numbers",
        "title": "Handwritten numbers read from scanned pages",
        "description": "One row per number. Each links to its pixels: file, page, and box in pixels of the scan.",
        "resources": [_resource(numbers, _table_schema()), *wide],
    }


def _resource(file: CsvFile, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
        "name": _slug(PurePosixPath(file.name).stem),
        "type": "table",
        "path": file.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "rows": file.rows,
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": schema,
    }


def _wide_fields(columns: Sequence[str]) -> list[dict[str, str]]:
    """Describe the fields of a page's table: the names of its rows, and a field for each column."""
    what = "The number as written; ? behind it: in review; ? alone: not read; – is a dash, ″ ditto, '' blank."
    first = {"name": "row", "type": "string", "description": "Name of the row."}
    return [first, *({"name": column, "type": "string", "description": what} for column in columns)]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-") or "numbers"


def _table_schema() -> dict[str, Any]:
    box = {
        "x": "Left edge of the number's box, in pixels of the original scan; the origin is top left.",
        "y": "Top edge of the box.",
        "w": "Width of the box.",
        "h": "Height of the box.",
    }
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            _field("file", "string", f"Path or URL of the scan. {_GUARD}", minLength=1),
            _field("value", "number", "Value of the text, with its sign; '' if its kind has no value.") | {"missingValues": [""]},
            _field("digits", "string", "The digits with leading zeros; '' if none; ? is unreadable.", pattern="[0-9?]*"),
            _field("text", "string", f"The number as written, with its marks. {_GUARD}"),
            _field("kind", "string", "Kind of the text; '' if nothing is written.", enum=[kind.value for kind in NumberKind]),
            _field("page", "integer", "Page within the file, counted from 1.", minimum=1),
            _field("zone", "string", f"Zone or grid of the layout; table1, … of the page's own rulings; '' for none. {_GUARD}"),
            _field("row", "string", f"Row of the grid. {_GUARD}"),
            _field("column", "string", f"Column of the grid. {_GUARD}"),
            _field("cell", "string", "Content of the cell; '' outside of cells.", enum=["", *(one.value for one in CellState)]),
            _field("checks", "string", "Result of the form's sums; '' if none."),
            *(_field(name, "integer", text, **({"minimum": 1} if name in "wh" else {})) for name, text in box.items()),
            _field(
                "confidence",
                "number",
                "Calibrated probability that all of it is right: digits, marks and value.",
                minimum=0,
                maximum=1,
            ),
            _field("state", "string", "State of the number.", enum=[state.value for state in State]),
            _field("number_id", "string", "Id of the number; the same for the same pixels in every run.", minLength=1),
            _field("model_version", "string", f"Version of the classifier that read it. {_GUARD}"),
            _field("machine_digits", "string", "The machine's reading, before any correction.", pattern="[0-9]*"),
            _field("second_digits", "string", "The second reader's digits; '' where it was not asked.", pattern="[0-9]*"),
            _field("reviewer", "string", f"Reviewers who decided, separated by ', '; '' if none did. {_GUARD}"),
            _field(
                "decided",
                "string",
                "Time of the decision: ISO 8601, UTC; '' if none.",
                pattern="([0-9]{4}-[0-9]{2}-[0-9]{2}T.*)?",
            ),
        ],
        "primaryKey": ["file", "page", "number_id"],
        "missingValues": [],  # an empty value is a number without a digit, not an unknown one
    }


def _field(name: str, kind: str, description: str, **constraints: object) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": description, "constraints": {"required": True, **constraints}}
