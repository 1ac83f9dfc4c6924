"""Tables as Parquet files in memory: written with the published schema and a checksum, read with a check of both.

Parquet itself detects few flipped bits. A file's SHA-256 is in its manifest and, computed with zeros in its own place, in the
file: a retry of the same batch replaces the file some time before it replaces the manifest.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.errors import InputError, StorageError, StorageUnavailableError
from digit_core.results.older_schemas import brought_up, completed, stored_names
from digit_core.results.schema import SCHEMA_VERSION, TABLES
from digit_core.results.validity import problem_of

_CHECKSUM = b"digits.sha256"
_ZEROS = b"0" * 64
_BETWEEN = 2  # bytes between the name and the value: Thrift's type and length of the value
UNREADABLE = (pa.ArrowException, OSError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError)
"""Exceptions of Arrow on damaged files."""


def to_parquet(name: str, table: pa.Table) -> bytes:
    """Convert the table to a Parquet file. Raises ValueError if it does not have the published schema of this name, or has
    invalid values."""
    if not table.schema.equals(TABLES[name], check_metadata=True):
        raise ValueError(f"the table {name} has another schema than the published one:\n{table.schema}")
    if problem := problem_of(name, table):
        raise ValueError(f"the table {name} cannot be published: {problem}")
    return with_own_checksum(table)


def with_own_checksum(table: pa.Table) -> bytes:
    """Convert the table to a Parquet file that contains its own checksum."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_CHECKSUM.decode(): _ZEROS.decode()})
    data = sink.getvalue()
    return _with_checksum(data, sha256_of(data).encode())


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def from_parquet(name: str, uri: str, data: bytes | None, columns: Sequence[str] | None, sha256: str = "") -> pa.Table:
    """Read the table `name` with the columns of the present schema; those that an older one lacks are null. `sha256`: hash in its
    manifest.

    Raises StorageUnavailableError for None, InputError for a newer schema, StorageError for a damaged file.
    """
    if data is None:
        raise StorageUnavailableError(f"{uri} was replaced while it was being read: read again")
    if not is_unharmed(data, sha256):
        raise damaged(uri, "its checksum is wrong")
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        version = _schema_version(uri, file.schema_arrow.metadata or {})
        # many small files: Arrow's threads would be no quicker, and abort a process that ends while they idle
        stored = file.read(columns=stored_names(name, version, columns), use_threads=False)
        table = completed(name, brought_up(name, version, stored), columns)
        problem = problem_of(name, table)
    except UNREADABLE as error:
        raise damaged(uri, str(error).split("\n")[0]) from error
    if problem:
        raise damaged(uri, problem)
    return table


def is_unharmed(data: bytes, sha256: str = "") -> bool:
    """Whether the file has the sealed hash, or a valid checksum of its own. Files of older schemas have neither."""
    if sha256 and sha256_of(data) == sha256:
        return True
    place = data.rfind(_CHECKSUM)
    if place < 0:
        return not sha256
    start = place + len(_CHECKSUM) + _BETWEEN
    return sha256_of(_with_checksum(data, _ZEROS)).encode() == data[start : start + len(_ZEROS)]


def damaged(uri: str, what: str) -> StorageError:
    return StorageError(f"{uri} is damaged ({what}): `digits verify` says which pages to read again")


def _with_checksum(data: bytes, checksum: bytes) -> bytes:
    start = data.rindex(_CHECKSUM) + len(_CHECKSUM) + _BETWEEN
    return data[:start] + checksum + data[start + len(checksum) :]


def _schema_version(uri: str, metadata: Mapping[bytes, bytes]) -> int:
    """Return the version of a file's schema. Raises InputError for none, and for a newer one."""
    found = metadata.get(b"digits.schema_version", b"").decode()
    if not found.isdecimal():
        raise InputError(f"{uri} is not a table of digits: it has no schema version")
    if int(found) > int(SCHEMA_VERSION):
        raise InputError(f"{uri} was written by a newer digits (schema {found}, known is {SCHEMA_VERSION}): upgrade digits")
    return int(found)
