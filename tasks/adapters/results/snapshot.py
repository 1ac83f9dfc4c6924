"""Snapshot of a destination's manifests: what the index keeps of them, in a few Parquet files instead of one file per batch.

DEST/snapshots/SHA256.parquet   some thousand batches each; the name is the hash of the bytes

A snapshot is a cache. A batch of it counts only while its manifest is listed with the same version, so that it need not know what
other runs seal, replace or retire; a file that is damaged or missing costs nothing but the reading of its manifests.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.results.drift import Distribution
from digit_core.results.manifest import KEY, Manifest, TableFile, table_path
from digit_core.results.schema import TABLES
from digit_core.results.supersession import PAGE, PageKeys, fingerprint, page_row
from tasks.adapters.results.parquet import UNREADABLE
from tasks.adapters.storage.storage import Storage, join

BATCHES = 1024
"""Greatest number of batches in one file: some 2 MB."""

WORTH = 256
"""Number of manifests read one by one from which a file is written: fewer are read in a second or two."""

_FEW = 8
"""Number of files with few batches that still count, from which they are joined."""

_FORMAT = b"1"
_SCHEMA = pa.schema(
    [
        ("name", pa.string()),  # of the manifest's file
        ("version", pa.string()),  # of that file in the store's listing
        ("seq", pa.int64()),
        ("run_id", pa.string()),
        ("reading", pa.int64()),  # hash of who read it
        ("first_uri", pa.string()),
        ("first_index", pa.int32()),
        ("quarantined", pa.int32()),
        ("shape", pa.string()),  # distribution of its digits, as in the manifest
        *((f"{name}_sha256", pa.string()) for name in TABLES),
        ("pages", pa.binary()),  # array of PAGE, little-endian
    ],
    metadata={"digits.snapshot": _FORMAT},
)
_NAME = re.compile(r"([0-9a-f]{64})\.parquet")
_SHA256 = re.compile(r"([0-9a-f]{64})?")
_GREATEST = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class BatchRow:
    """A manifest as the index keeps it: name and version of its file, and hashes in place of names."""

    name: str
    version: str
    seq: int
    run_id: str
    reading: int
    first_uri: str
    first_index: int
    quarantined: int
    shape: str
    sha256: Mapping[str, str]
    pages: PageKeys

    @classmethod
    def of(cls, name: str, version: str, manifest: Manifest) -> Self:
        first_uri, first_index = min((page.uri, page.index) for page in manifest.pages)
        return cls(
            name,
            version,
            manifest.seq,
            manifest.read_by.run_id,
            fingerprint(*manifest.read_by.reading),
            first_uri,
            first_index,
            manifest.counts.get("quarantined", 0),
            json.dumps(manifest.shape.to_json()),
            {table: file.sha256 for table, file in manifest.files.items()},
            np.array([page_row(page) for page in manifest.pages], PAGE),
        )

    @property
    def key(self) -> str:
        return self.name.removeprefix("batch-").removesuffix(".json")

    def files(self) -> dict[str, TableFile]:
        return {table: TableFile(table_path(table, self.key), sha256) for table, sha256 in self.sha256.items()}


def to_snapshot(rows: Sequence[BatchRow]) -> bytes:
    """Return the batches as a Parquet file."""
    plain = {field.name: [getattr(row, field.name) for row in rows] for field in _SCHEMA if hasattr(BatchRow, field.name)}
    hashes = {f"{table}_sha256": [row.sha256[table] for row in rows] for table in TABLES}
    pages = [row.pages.astype(PAGE.newbyteorder("<")).tobytes() for row in rows]
    sink = io.BytesIO()
    pq.write_table(pa.table({**plain, **hashes, "pages": pages}, schema=_SCHEMA), sink, compression="zstd")
    return sink.getvalue()


def from_snapshot(data: bytes) -> list[BatchRow]:
    """Return the batches of a file, which is not trusted. Raises ValueError for anything that `to_snapshot` does not give."""
    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
        if not table.schema.equals(_SCHEMA, check_metadata=True):
            raise ValueError("it has another schema")
        return [_row(**values) for values in table.to_pylist()]
    except UNREADABLE as error:
        raise ValueError(f"no snapshot: {error}") from error


def _row(name: str, pages: bytes, shape: str, seq: int, **rest: Any) -> BatchRow:
    hashes = {table: rest.pop(f"{table}_sha256") for table in TABLES}
    keys = np.frombuffer(pages, PAGE.newbyteorder("<")).astype(PAGE)
    Distribution.from_json(json.loads(shape))
    row = BatchRow(name=name, seq=seq, shape=shape, sha256=hashes, pages=keys, **rest)
    sound = (
        KEY.fullmatch(row.key) is not None
        and name == f"batch-{row.key}.json"
        and 0 <= seq <= _GREATEST
        and all(_SHA256.fullmatch(one) for one in hashes.values())
        and len(keys) > 0
        and keys["index"].min() >= 0 <= row.first_index
        and keys["count"].min() >= 0 <= row.quarantined
        and None not in (row.version, row.run_id, row.reading, row.first_uri)
    )
    if not sound:
        raise ValueError("it has an invalid batch")
    return row


class Snapshots:
    """The folder DEST/snapshots. Raises the storage's errors."""

    def __init__(self, storage: Storage, dest: str) -> None:
        self._storage, self._folder = storage, join(dest, "snapshots")

    def __iter__(self) -> Iterator[tuple[str, list[BatchRow]]]:
        """Yield name and batches of each file, without any for one that is damaged. One is in memory at a time."""
        for name in self._storage.list_names(self._folder):
            if (form := _NAME.fullmatch(name)) and (data := self._storage.read_many([join(self._folder, name)])[0]) is not None:
                yield name, _rows(data, form[1])

    def write(self, rows: Sequence[BatchRow]) -> str:
        """Write a file; returns its name, which is the same for the same batches."""
        data = to_snapshot(rows)
        name = f"{hashlib.sha256(data).hexdigest()}.parquet"
        self._storage.write(join(self._folder, name), data)
        return name

    def remove(self, names: Iterable[str]) -> None:
        """Remove files whose batches stand in others, or do not count any more."""
        self._storage.delete([join(self._folder, name) for name in sorted(names)])


def _rows(data: bytes, sha256: str) -> list[BatchRow]:
    if hashlib.sha256(data).hexdigest() != sha256:
        return []
    try:
        return from_snapshot(data)
    except ValueError:
        return []


class Compaction:
    """The writing of a snapshot while manifests are read; at most a file's batches are held.

    Nothing is written where few manifests were read, and files with few batches are left as they are as long as they are few.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._held: list[BatchRow] = []
        self._worn: set[str] = set()
        self._written: set[str] = set()
        self._read = 0

    def found(self, name: str, counting: Sequence[BatchRow]) -> None:
        """Tell of a file and of its batches that count; where they are few they are joined with others."""
        if len(counting) < BATCHES // 2:
            self._worn.add(name)
            self._hold(counting)

    def read(self, rows: Sequence[BatchRow]) -> None:
        """Tell of batches whose manifests were read one by one."""
        self._read += len(rows)
        self._hold(rows)

    def finish(self) -> None:
        """Write what is left, if that is worth a file, and remove the files that were joined."""
        if self._written or self._read >= WORTH or len(self._worn) >= _FEW:
            if self._held:
                self._flush()
            self._snapshots.remove(self._worn - self._written)

    def _hold(self, rows: Sequence[BatchRow]) -> None:
        self._held += rows
        while len(self._held) >= BATCHES:
            self._flush()

    def _flush(self) -> None:
        some, self._held = self._held[:BATCHES], self._held[BATCHES:]
        self._written.add(self._snapshots.write(some))
