"""Tables of earlier schema versions, brought to the names and meanings of the present one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from digit_core.results.schema import TABLES

_ONE_NAME = 5
"""Schema from which a name means the same in every table and pages count from 1."""

_EARLIER: Mapping[str, Mapping[str, str]] = {
    "pages": {"number_count": "numbers", "digit_count": "digits", "review_count": "to_review"},
    "numbers": {},
    "digits": {},
}
_FILE, _PAGE = "file", "page"
_OF_ALL = {_FILE: "uri", _PAGE: "page_index"}
"""Names before _ONE_NAME, by those of today; pages counted from 0."""


def stored_names(name: str, version: int, columns: Sequence[str] | None) -> list[str] | None:
    """Return what these columns of the table `name` are called in a file of this schema version; None for all."""
    if columns is None:
        return None
    earlier = _earlier(name, version)
    return [earlier.get(column, column) for column in columns]


def brought_up(name: str, version: int, table: pa.Table) -> pa.Table:
    """Return the table `name`, read from a file of this schema version, with the columns of today's that it has; others that
    earlier versions lack are null."""
    today = {old: new for new, old in _earlier(name, version).items()}
    table = table.rename_columns([today.get(column, column) for column in table.column_names])
    if today and _PAGE in table.column_names:
        at = table.column_names.index(_PAGE)
        table = table.set_column(at, _PAGE, pc.add(table[_PAGE], pa.scalar(1, pa.int32())))
    return table


def completed(name: str, table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """Return the table with the schema of today, of these columns; None for all."""
    wanted = [field for field in TABLES[name] if columns is None or field.name in columns]
    for field in wanted:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select([field.name for field in wanted]).replace_schema_metadata(TABLES[name].metadata)


def _earlier(name: str, version: int) -> Mapping[str, str]:
    return {**_OF_ALL, **_EARLIER[name]} if version < _ONE_NAME else {}
