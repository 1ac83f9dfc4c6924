"""Tables as Parquet files in memory: written with the published schema, read with a check of its version."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.errors import InputError, StorageError, StorageUnavailableError
from digit_core.results.schema import SCHEMA_VERSION, TABLES


def to_parquet(name: str, table: pa.Table) -> bytes:
    """Raises ValueError if the table does not have the schema that is published under this name."""
    if not table.schema.equals(TABLES[name], check_metadata=True):
        raise ValueError(f"the table {name} has another schema than the published one:\n{table.schema}")
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def from_parquet(name: str, uri: str, data: bytes | None, columns: Sequence[str] | None) -> pa.Table:
    """The table of that name; columns that a file of an older schema does not have are null.

    Raises StorageUnavailableError for None, InputError for a newer schema, StorageError for a damaged file."""
    if data is None:
        raise StorageUnavailableError(f"{uri} was replaced while it was being read: read again")
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        _check_schema_version(uri, file.schema_arrow.metadata or {})
        # Small files, many of them: threads of Arrow would be no quicker, and abort a process that ends while they idle.
        return _completed(file.read(columns=columns, use_threads=False), name, columns)
    except pa.ArrowInvalid as error:
        raise StorageError(f"{uri} is damaged ({error}): delete its manifest and run again to read its pages anew") from error


def _completed(table: pa.Table, name: str, columns: Sequence[str] | None) -> pa.Table:
    wanted = [field for field in TABLES[name] if columns is None or field.name in columns]
    missing = [field for field in wanted if field.name not in table.column_names]
    if not missing:
        return table
    for field in missing:
        table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select([field.name for field in wanted]).replace_schema_metadata(TABLES[name].metadata)


def _check_schema_version(uri: str, metadata: Mapping[bytes, bytes]) -> None:
    found = metadata.get(b"digits.schema_version", b"").decode()
    if not found.isdigit():
        raise InputError(f"{uri} is no table of digits: it names no schema version")
    if int(found) > int(SCHEMA_VERSION):
        raise InputError(f"{uri} was written by a newer digits (schema {found}, known is {SCHEMA_VERSION}): upgrade digits")
