"""Arrow schemas of the three published tables, and records -> tables.

`pages` has a row for every page, read or quarantined; `numbers` one for every number string; `digits` one for every
digit. All are flat, carry their provenance in every row, and name their schema version in the file's metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from digit_core.records import NOT_A_DIGIT, Box, PageFailure, PageRead, PageRef, ReadBy

SCHEMA_VERSION = "1"

_PAGE_KEY = [("uri", pa.string()), ("sha256", pa.string()), ("page_index", pa.int32())]
_BOX = [("x", pa.int32()), ("y", pa.int32()), ("w", pa.int32()), ("h", pa.int32())]
_READ_BY = [(name, pa.string()) for name in ("model_version", "algorithm_version", "layout_version", "params", "run_id")]
_TOP = [(f"{kind}{rank}", pa.string() if kind == "digit" else pa.float32()) for rank in (1, 2, 3) for kind in ("digit", "p")]


def _schema(columns: Sequence[tuple[str, pa.DataType]]) -> pa.Schema:
    return pa.schema(columns, metadata={"digits.schema_version": SCHEMA_VERSION})


PAGES = _schema(
    [
        *_PAGE_KEY,
        ("page_count", pa.int32()),
        ("state", pa.string()),  # "read" or "quarantined"
        ("reason", pa.string()),  # a FailureReason, "no digits found", or ""
        ("message", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("dpi", pa.float32()),
        ("skew", pa.float32()),
        ("numbers", pa.int32()),
        ("digits", pa.int32()),
        ("to_review", pa.int32()),
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
        *_BOX,
        *_READ_BY,
    ]
)
DIGITS = _schema(
    [
        *_PAGE_KEY,
        ("number_id", pa.string()),
        ("digit_id", pa.string()),
        ("place", pa.int32()),  # place in the number, from 0, left to right
        ("digit", pa.string()),  # "" for what is not a digit
        ("confidence", pa.float32()),
        ("state", pa.string()),
        ("reason", pa.string()),  # why it goes to review, "" if it does not
        *_TOP,
        *_BOX,
        *_READ_BY,
    ]
)
TABLES = {"pages": PAGES, "numbers": NUMBERS, "digits": DIGITS}


def batch_tables(outcomes: Iterable[PageRead | PageFailure], read_by: ReadBy) -> dict[str, pa.Table]:
    """The rows of a batch of pages, by table name. Every outcome gives exactly one row in `pages`."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for outcome in outcomes:
        if isinstance(outcome, PageFailure):
            rows["pages"].append(_failure_row(outcome))
        else:
            rows["pages"].append(_page_row(outcome))
            _add_readings(outcome, rows)
    stamp = {name: getattr(read_by, name) for name, _ in _READ_BY}
    return {name: _to_table(rows[name], schema, stamp) for name, schema in TABLES.items()}


def _to_table(rows: list[dict[str, Any]], schema: pa.Schema, stamp: dict[str, str]) -> pa.Table:
    def column(field: pa.Field) -> pa.Array:
        if field.name in stamp:
            return pa.repeat(stamp[field.name], len(rows))
        return pa.array([row[field.name] for row in rows], field.type)

    return pa.Table.from_arrays([column(field) for field in schema], schema=schema)


def _page_key(ref: PageRef) -> dict[str, Any]:
    return {"uri": ref.uri, "sha256": ref.sha256, "page_index": ref.index}


def _failure_row(failure: PageFailure) -> dict[str, Any]:
    counts = dict.fromkeys(("width", "height", "dpi", "skew", "numbers", "digits", "to_review"), 0)
    return {
        **_page_key(failure.ref),
        **counts,
        "page_count": failure.ref.count,
        "state": "quarantined",
        "reason": failure.reason.value,
        "message": failure.message,
    }


def _page_row(page: PageRead) -> dict[str, Any]:
    parts = [part for reading in page.readings for part in reading.parts]
    return {
        **_page_key(page.ref),
        "page_count": page.ref.count,
        "state": "read",
        "reason": "" if page.readings else "no digits found",
        "message": "",
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "skew": page.skew,
        "numbers": len(page.readings),
        "digits": sum(part.digit != "" for part in parts),
        "to_review": sum(part.reason != "" for part in parts),
    }


def _add_readings(page: PageRead, rows: dict[str, list[dict[str, Any]]]) -> None:
    key = _page_key(page.ref)
    for position, reading in enumerate(page.readings):
        number_id = page.ref.digit_id(reading.box)
        rows["numbers"].append(
            {
                **key,
                **_box_row(reading.box),
                "number_id": number_id,
                "line": reading.line,
                "position": position,
                "digits": reading.digits,
                "confidence": reading.confidence,
                "state": reading.state.value,
            }
        )
        for place, part in enumerate(reading.parts):
            rows["digits"].append(
                {
                    **key,
                    **_box_row(part.box),
                    **_top_row(part.top),
                    "number_id": number_id,
                    "digit_id": page.ref.digit_id(part.box),
                    "place": place,
                    "digit": part.digit,
                    "confidence": part.confidence,
                    "state": part.state.value,
                    "reason": part.reason,
                }
            )


def _box_row(box: Box) -> dict[str, int]:
    return {"x": box.x, "y": box.y, "w": box.w, "h": box.h}


def _top_row(top: Sequence[tuple[int, float]]) -> dict[str, Any]:
    return {
        name: value
        for rank, (label, probability) in enumerate(top, start=1)
        for name, value in ((f"digit{rank}", str(label) if label < NOT_A_DIGIT else ""), (f"p{rank}", probability))
    }
