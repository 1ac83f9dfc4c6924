"""Arrow schemas of the three published tables, and conversion of records to tables.

`pages` has a row for every page, read or quarantined; `numbers` one for every number; `digits` one for every digit. All are flat,
carry their provenance in every row, and name their schema version in the file's metadata. Names mean the same in all tables,
and in the CSV files and the workbook made of them; `digit_core.results.older_schemas` has the names of earlier versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa

from digit_core.dates import dates_on
from digit_core.readings import PageRead, ReadBy
from digit_core.records import NOT_A_DIGIT, Box, PageFailure, PageRef
from digit_core.spread import layout_names

SCHEMA_VERSION = "5"

_PAGE_KEY = [("file", pa.string()), ("sha256", pa.string()), ("page", pa.int32())]  # page of the file, from 1
_BOX = [("x", pa.int32()), ("y", pa.int32()), ("w", pa.int32()), ("h", pa.int32())]
_READ_BY = [(one.name, pa.string()) for one in fields(ReadBy)]  # detector and strip reader since schema 4, pilot since 5
_TOP = [(f"{kind}{rank}", pa.string() if kind == "digit" else pa.float32()) for rank in (1, 2, 3) for kind in ("digit", "p")]


def _schema(columns: Sequence[tuple[str, pa.DataType]]) -> pa.Schema:
    return pa.schema(columns, metadata={"digits.schema_version": SCHEMA_VERSION})


PAGES = _schema(
    [
        *_PAGE_KEY,
        ("page_count", pa.int32()),
        ("state", pa.string()),  # "read" or "quarantined"
        ("reason", pa.string()),  # a FailureReason, or why nothing was accepted, or ""
        ("message", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("dpi", pa.float32()),
        ("skew", pa.float32()),  # rotation of the page in degrees, clockwise: its tilt, and 90, 180 or 270 more
        ("number_count", pa.int32()),
        ("digit_count", pa.int32()),
        ("review_count", pa.int32()),  # digits in review
        ("layout", pa.string()),  # name of the layout of the page, "" for none; since schema 3
        ("layout_agreement", pa.float32()),  # of its rulings with the page's, 0 to 1; since schema 3
        ("gutter", pa.int32()),  # x of the line between the two pages of a spread, null for a single page; since schema 5
        *_READ_BY,
    ]
)
NUMBERS = _schema(
    [
        *_PAGE_KEY,
        ("number_id", pa.string()),
        ("line", pa.int32()),
        ("position", pa.int32()),  # reading order on the page, from 0
        ("digits", pa.string()),
        ("confidence", pa.float32()),
        ("state", pa.string()),
        ("text", pa.string()),  # as written, with its marks; since schema 2
        ("printed", pa.float32()),  # probability that it is printed, not handwritten; since schema 2
        ("zone", pa.string()),  # of the layout, or table1 … of the page's own rulings; "" for none; these since schema 3
        ("row", pa.string()),
        ("column", pa.string()),
        ("cell", pa.string()),  # content of the cell: a CellState, "" outside of cells
        ("value", pa.float64()),  # value of the text, with its sign; null where its kind has no value
        ("decimals", pa.int8()),  # digits after the point, by the form or as written; null if neither says so
        ("checks", pa.string()),  # result of the form's arithmetic
        ("kind", pa.string()),  # kind of the text: a NumberKind; since schema 4
        ("second_digits", pa.string()),  # the second reader's digits; null where it was not asked; since schema 4
        ("agreed", pa.bool_()),  # whether both readers read the same digits; null where it was not asked; since schema 4
        ("unit", pa.string()),  # of the value, by the layout or its kind; "" where neither says so; since schema 5
        ("date", pa.string()),  # ISO 8601, by the layout; "" for none, and where a part of it is in review; since schema 5
        ("date_from", pa.string()),  # the same with {zone} for what stands in a zone; since schema 5
        *_BOX,
        *_READ_BY,
    ]
)
DIGITS = _schema(
    [
        *_PAGE_KEY,
        ("number_id", pa.string()),
        ("digit_id", pa.string()),
        ("place", pa.int32()),  # index in the number, from 0, left to right
        ("digit", pa.string()),  # "" for a non-digit
        ("confidence", pa.float32()),
        ("state", pa.string()),
        ("reason", pa.string()),  # reason for review, "" if it is not in review
        *_TOP,
        *_BOX,
        *_READ_BY,
    ]
)
TABLES = {"pages": PAGES, "numbers": NUMBERS, "digits": DIGITS}

LAYOUT_NOT_FOUND = "layout not found"
"""Reason of a page that was read without its form, because none of the given layouts fits it."""

LAYOUT_MAY_LIE_OFF = "layout may lie off"
"""Reason of a page on which a layout is found, but its rows or columns, or its sums, do not come out: `message` says which."""

NO_CLEAR_NUMBERS = "no clear numbers: words, or lying turned"
"""Reason of a page that was read, but has hardly any clear number."""

ColumnValues = dict[str, list[Any]]


def page_keys(rows: pa.Table) -> Iterator[tuple[str, int]]:
    """Yield (sha256, index from 0) of the page of each row, as the review queue knows pages."""
    pages = (page - 1 for page in rows["page"].to_pylist())
    return zip(rows["sha256"].to_pylist(), pages, strict=True)


def batch_tables(outcomes: Iterable[PageRead | PageFailure], read_by: ReadBy) -> dict[str, pa.Table]:
    outcomes = list(outcomes)
    read = [outcome for outcome in outcomes if isinstance(outcome, PageRead)]
    rows = [_failure_row(one) if isinstance(one, PageFailure) else _page_row(one) for one in outcomes]
    columns = {
        "pages": {name: [row[name] for row in rows] for name in (rows[0] if rows else ())},
        "numbers": _numbers(read),
        "digits": _digits(read),
    }
    stamp = {name: getattr(read_by, name) for name, _ in _READ_BY}
    return {name: _to_table(columns[name], schema, stamp) for name, schema in TABLES.items()}


def _to_table(columns: ColumnValues, schema: pa.Schema, stamp: dict[str, str]) -> pa.Table:
    rows = len(next(iter(columns.values()), []))

    def array(field: pa.Field) -> pa.Array:
        if field.name in stamp:
            return pa.repeat(stamp[field.name], rows)
        return pa.array(columns.get(field.name, []), field.type)

    return pa.Table.from_arrays([array(field) for field in schema], schema=schema)


def _page_key(ref: PageRef) -> dict[str, Any]:
    return {"file": ref.uri, "sha256": ref.sha256, "page": ref.index + 1}


def _failure_row(failure: PageFailure) -> dict[str, Any]:
    counts = dict.fromkeys(
        ("width", "height", "dpi", "skew", "number_count", "digit_count", "review_count", "layout_agreement"), 0
    )
    return {
        **_page_key(failure.ref),
        **counts,
        "page_count": failure.ref.count,
        "state": "quarantined",
        "reason": failure.reason.value,
        "message": failure.message,
        "layout": "",
        "gutter": None,
    }


def _page_row(page: PageRead) -> dict[str, Any]:
    parts = [part for reading in page.readings for part in reading.parts]
    return {
        **_page_key(page.ref),
        "page_count": page.ref.count,
        "state": "read",
        "reason": _page_reason(page),
        "message": _page_message(page),
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "skew": page.skew,
        "number_count": sum(reading.digits != "" for reading in page.readings),
        "digit_count": sum(part.digit != "" for part in parts),
        "review_count": sum(part.reason != "" for part in parts),
        "layout": layout_names(page.forms),
        "layout_agreement": min((form.agreement for form in page.forms if form is not None and form.name), default=0.0),
        "gutter": page.right.gutter if page.right else None,
    }


def _page_reason(page: PageRead) -> str:
    if any(form is not None and form.doubt for form in page.forms):
        return LAYOUT_MAY_LIE_OFF
    if any(form is not None and not form.name for form in page.forms):
        return LAYOUT_NOT_FOUND
    if not page.readings:
        return "no digits found"
    return "" if page.clear else NO_CLEAR_NUMBERS


def _page_message(page: PageRead) -> str:
    """Return what is wrong with the layout of the page, or of which page of a spread."""
    wrong = [form.doubt or ("" if form.name else "no layout fits") if form is not None else "" for form in page.forms]
    if page.right is None:
        return page.form.doubt if page.form else ""
    return "; ".join(f"{side} page: {what}" for side, what in zip(("left", "right"), wrong, strict=True) if what)


def _page_columns(refs: Sequence[PageRef]) -> ColumnValues:
    return {"file": [r.uri for r in refs], "sha256": [r.sha256 for r in refs], "page": [r.index + 1 for r in refs]}


def _box_columns(boxes: Sequence[Box]) -> ColumnValues:
    return {name: [getattr(box, name) for box in boxes] for name in "xywh"}


def _numbers(pages: Sequence[PageRead]) -> ColumnValues:
    found = [(page.ref, position, reading) for page in pages for position, reading in enumerate(page.readings)]
    refs, readings = [ref for ref, _, _ in found], [reading for _, _, reading in found]
    boxes, meanings = [reading.box for reading in readings], [reading.meaning for reading in readings]
    return {
        **_page_columns(refs),
        **_box_columns(boxes),
        "number_id": [ref.digit_id(box) for ref, box in zip(refs, boxes, strict=True)],
        "line": [reading.line for reading in readings],
        "position": [position for _, position, _ in found],
        "digits": [reading.digits for reading in readings],
        "confidence": [reading.confidence for reading in readings],
        "state": [reading.state.value for reading in readings],
        "text": [reading.text for reading in readings],
        "printed": [reading.printed for reading in readings],
        **{
            name: [getattr(reading.cell, name) if reading.cell else "" for reading in readings]
            for name in ("zone", "row", "column")
        },
        "cell": [reading.cell.state.value if reading.cell else "" for reading in readings],
        "value": [meaning.value for meaning in meanings],
        "decimals": [reading.decimals for reading in readings],
        "checks": [reading.checks for reading in readings],
        "kind": [meaning.kind.value for meaning in meanings],
        "second_digits": [reading.second for reading in readings],
        "agreed": [reading.agreed for reading in readings],
        "unit": [reading.unit for reading in readings],
        "date": [date for page in pages for date in dates_on(page)],
        "date_from": [reading.date_from for reading in readings],
    }


def _digits(pages: Sequence[PageRead]) -> ColumnValues:
    numbers = [(page.ref, page.ref.digit_id(reading.box), reading.parts) for page in pages for reading in page.readings]
    parts = [part for _, _, several in numbers for part in several]
    refs = [ref for ref, _, several in numbers for _ in several]
    boxes = [part.box for part in parts]
    tops = [part.top for part in parts]
    label = {number: str(number) if number < NOT_A_DIGIT else "" for number in range(NOT_A_DIGIT + 1)}
    return {
        **_page_columns(refs),
        **_box_columns(boxes),
        **{f"digit{rank}": [label[top[rank - 1][0]] for top in tops] for rank in (1, 2, 3)},
        **{f"p{rank}": [top[rank - 1][1] for top in tops] for rank in (1, 2, 3)},
        "number_id": [number_id for _, number_id, several in numbers for _ in several],
        "digit_id": [ref.digit_id(box) for ref, box in zip(refs, boxes, strict=True)],
        "place": [place for _, _, several in numbers for place in range(len(several))],
        "digit": [label[top[0][0]] for top in tops],
        "confidence": [top[0][1] for top in tops],
        "state": [part.state.value for part in parts],
        "reason": [part.reason for part in parts],
    }
