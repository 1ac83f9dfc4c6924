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
from collections.abc import Callable, Iterable, Iterator, Sequence
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


class Echo:
    """A file for csv.writer whose `write` returns the line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def numbers_csv(tables: Iterable[pa.Table]) -> Iterator[str]:
    """Yield lines, header first, each with its CRLF, of tables CORRECTED (digit_core.review.corrections); one table is in memory
    at a time.

    Write them with newline="" and UTF-8. `page` counts from 1; `confidence` is rounded to six places.
    """
    writer = csv.writer(Echo(), quoting=csv.QUOTE_NONNUMERIC)
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
    wide = [resource(file, {"fields": _wide_fields(columns)}) | {"title": title} for file, title, columns in tables]
    return package_of([resource(numbers, _table_schema()), *wide])


def package_of(resources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The descriptor of tables of numbers."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "handwritten-numbers",
        "title": "Handwritten numbers read from scanned pages",
        "description": "One row per number. Each links to its pixels: file, page, and box in pixels of the scan.",
        "resources": list(resources),
    }


def merged(package: dict[str, Any], before: Any, is_there: Callable[[str], bool]) -> dict[str, Any]:
    """The descriptor with what an earlier one of the same folder says of other files that are still there, and of itself.

    before: what its file held, whatever that is. Each table keeps a name of its own.
    """
    known = before if isinstance(before, dict) else {}
    listed = known.get("resources")
    new = {one["path"] for one in package["resources"]}
    others = [one for one in listed if _is_bare(one) and one["path"] not in new] if isinstance(listed, list) else []
    kept = [one for one in others if is_there(one["path"])]
    taken: set[str] = set()
    resources = [{**one, "name": _own_name(str(one.get("name", "table")), taken)} for one in [*kept, *package["resources"]]]
    return {**package, **{name: value for name, value in known.items() if name != "resources"}, "resources": resources}


def _is_bare(described: Any) -> bool:
    """Whether it describes a file right in the folder."""
    path = described.get("path") if isinstance(described, dict) else None
    return isinstance(path, str) and path not in ("", ".", "..") and not set(path) & set("/\\\0")


def _own_name(name: str, taken: set[str]) -> str:
    free, at = name, 1
    while free in taken:
        at += 1
        free = f"{name}-{at}"
    taken.add(free)
    return free


def resource(file: CsvFile, schema: dict[str, Any]) -> dict[str, Any]:
    """A CSV file as a Data Package describes it; schema: its columns."""
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
            field("file", "string", f"Path or URL of the scan. {_GUARD}", minLength=1),
            field("value", "number", "Value of the text, with its sign; '' if its kind has no value.") | {"missingValues": [""]},
            field("digits", "string", "The digits with leading zeros; '' if none; ? is unreadable.", pattern="[0-9?]*"),
            field("text", "string", f"The number as written, with its marks. {_GUARD}"),
            field("kind", "string", "Kind of the text; '' if nothing is written.", enum=[kind.value for kind in NumberKind]),
            field("page", "integer", "Page within the file, counted from 1.", minimum=1),
            field("zone", "string", f"Zone or grid of the layout; table1, … of the page's own rulings; '' for none. {_GUARD}"),
            field("row", "string", f"Row of the grid. {_GUARD}"),
            field("column", "string", f"Column of the grid. {_GUARD}"),
            field("cell", "string", "Content of the cell; '' outside of cells.", enum=["", *(one.value for one in CellState)]),
            field("checks", "string", "Result of the form's sums; '' if none."),
            *(field(name, "integer", text, **({"minimum": 1} if name in "wh" else {})) for name, text in box.items()),
            field(
                "confidence",
                "number",
                "Calibrated probability that all of it is right: digits, marks and value.",
                minimum=0,
                maximum=1,
            ),
            field("state", "string", "State of the number.", enum=[state.value for state in State]),
            field("number_id", "string", "Id of the number; the same for the same pixels in every run.", minLength=1),
            field("model_version", "string", f"Version of the classifier that read it. {_GUARD}"),
            field("machine_digits", "string", "The machine's reading, before any correction.", pattern="[0-9]*"),
            field("second_digits", "string", "The second reader's digits; '' where it was not asked.", pattern="[0-9]*"),
            field("reviewer", "string", f"Reviewers who decided, separated by ', '; '' if none did. {_GUARD}"),
            field(
                "decided",
                "string",
                "Time of the decision: ISO 8601, UTC; '' if none.",
                pattern="([0-9]{4}-[0-9]{2}-[0-9]{2}T.*)?",
            ),
        ],
        "primaryKey": ["file", "page", "number_id"],
        "missingValues": [],  # an empty value is a number without a digit, not an unknown one
    }


def field(name: str, kind: str, description: str, **constraints: object) -> dict[str, Any]:
    """A column as Table Schema describes it; every row has it."""
    return {"name": name, "type": kind, "description": description, "constraints": {"required": True, **constraints}}
