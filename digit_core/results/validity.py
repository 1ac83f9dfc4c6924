"""Validation of published tables: right types, known states, confidences from 0 to 1."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from digit_core.readings import State
from digit_core.records import CellState
from digit_core.results.schema import TABLES

_STATES = {
    "pages": {"state": ("read", "quarantined")},
    "numbers": {"state": tuple(State), "cell": ("", *CellState)},
    "digits": {"state": tuple(State)},
}
_SHARES = ("confidence", "printed", "p1", "p2", "p3", "layout_agreement")


def problem_of(name: str, table: pa.Table) -> str:
    """Describe what is wrong with the first invalid column, "" for a valid table. Columns may be missing, nulls are ignored."""
    for field in table.schema:
        if problem := _problem(name, field, table[field.name]):
            return f"column {field.name}: {problem}"
    return ""


def _problem(name: str, field: pa.Field, values: pa.ChunkedArray) -> str:
    expected = TABLES[name].field(field.name).type
    if field.type != expected:
        return f"{field.type} where {expected} should be"
    if known := _STATES[name].get(field.name):
        return _unknown(values, known)
    if pa.types.is_floating(field.type):
        return _no_number(values, field.name in _SHARES)
    return ""


def _unknown(values: pa.ChunkedArray, known: tuple[str, ...]) -> str:
    found = [value for value in pc.unique(values).to_pylist() if value is not None and value not in known]
    return f"{found[0]!r} is none of {', '.join(word or 'nothing' for word in known)}" if found else ""


def _no_number(values: pa.ChunkedArray, is_share: bool) -> str:
    if _any(pc.invert(pc.is_finite(values))):
        return "a value that is not a finite number"
    if is_share and _any(pc.or_(pc.less(values, 0.0), pc.greater(values, 1.001))):
        return "a share outside of 0 to 1"
    return ""


def _any(mask: pa.ChunkedArray) -> bool:
    return bool(pc.any(mask).as_py())
