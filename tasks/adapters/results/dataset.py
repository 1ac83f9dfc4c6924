"""DEST as a store of batches: Parquet files by batch, a manifest for each complete batch, and the current rows.

DEST/pages/batch-KEY.parquet   DEST/numbers/…   DEST/digits/…   DEST/manifests/batch-KEY.json

Each file is written as one object, the manifest last. Readers follow the manifests, so that a killed run leaves nothing half
visible.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from digit_core.errors import InputError, StorageError
from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.results.drift import Distribution, shape_of
from digit_core.results.manifest import Manifest, TableFile, batch_key, count_rows, table_path
from digit_core.results.schema import TABLES, page_keys
from digit_core.results.supersession import PageKeys, fingerprint, rows_of
from tasks.adapters.results.manifest_index import IndexedBatch, ManifestIndex
from tasks.adapters.results.manifests import Manifests, is_table
from tasks.adapters.results.parquet import from_parquet, sha256_of, to_parquet
from tasks.adapters.results.spill import Fingerprints, Shelf, chunks
from tasks.adapters.storage.storage import Storage, join, normalise

__all__ = ["Results", "fingerprint"]

_WHOLE = Share()

FILES_AT_ONCE = 8
"""Number of objects requested together; with the files of one table of 64 pages that is some 10 MB."""

DELETED_AT_ONCE = 1000

_OF_PAGES = ("pages", "numbers")

RETIRED_AT_MOST = 5
"""How often one run looks again for batches to remove: runs that end together leave each other something once or twice."""

ABANDONED_AFTER = 24 * 3600.0
"""Seconds after which tables without a manifest count as left by a killed run, whatever pages they hold."""


class Results:
    """The results in the folder or bucket `dest`. Many processes may write and read at once. Raises the storage's errors.

    Memory is bounded however many pages there are: the manifests' contents are kept in a temporary file, see `manifest_index`.
    With a `share` only the pages of that share of the source are read.
    """

    def __init__(self, storage: Storage, dest: str, share: Share = _WHOLE) -> None:
        self._storage = storage
        self.dest = normalise(dest)
        self._manifests = Manifests(storage, self.dest, share)
        self._all = self._manifests if share == _WHOLE else Manifests(storage, self.dest, _WHOLE)

    def check_writable(self) -> None:
        """Check that each folder of the destination can be written, before hours of reading. Raises the storage's error."""
        name = f".{uuid.uuid4().hex}.trial"
        trials = [join(self.dest, folder, name) for folder in (*TABLES, "manifests")]
        self._storage.write_many(dict.fromkeys(trials, b""))
        self._storage.delete(trials)

    def write_tables(self, key: str, tables: Mapping[str, pa.Table]) -> dict[str, TableFile]:
        """Write a batch's tables, which are not visible yet; return their files, for the manifest.

        Raises ValueError if a table does not have the published schema.
        """
        written = {name: to_parquet(name, tables[name]) for name in TABLES}
        self._storage.write_many({join(self.dest, table_path(name, key)): data for name, data in written.items()})
        return {name: TableFile(table_path(name, key), sha256_of(data)) for name, data in written.items()}

    def seal(self, manifest: Manifest) -> None:
        """Write the manifest, which makes the batch visible. Raises StorageError if its tables are missing."""
        if not self.tables_stand(manifest):
            raise StorageError(f"the tables of batch {manifest.key} are missing in {self.dest}: run again to write them")
        self._manifests.write(manifest)

    def tables_stand(self, manifest: Manifest) -> bool:
        """Whether all files that the manifest names exist."""
        return all(self._storage.exist([join(self.dest, file.path) for file in manifest.files.values()]))

    def manifests(self) -> Iterator[Manifest]:
        """Yield all manifests, superseded ones too, ordered by name. Only a few are in memory."""
        return iter(self._manifests)

    def next_seq(self) -> int:
        """Return a number greater than that of every run that has sealed a batch. Keeps a snapshot of the manifests it had to
        read."""
        with self._manifests.read(compact=True) as index:
            return index.newest_seq() + 1

    def done(self, read_by: ReadBy) -> Fingerprints:
        """Return `fingerprint(uri, version)` of each object that need not be read again.

        All its pages are sealed, current, and were read by the same models, algorithm, layout and parameters. Objects that could
        not be fetched are not included.
        """
        with self._manifests.read() as index:
            return Fingerprints(index.done(read_by))

    def read(self, table: str, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """Read all current rows of a table; `where` may use any column. Arguments as for `iter_batches`."""
        empty = TABLES[table].empty_table()
        return pa.concat_tables([_select(empty, columns), *self.iter_batches(table, columns, where)])

    def pages(self) -> Iterator[tuple[str, int]]:
        """Yield (sha256, index from 0) of all current pages; a few batches are in memory at a time."""
        for rows in self.iter_batches("pages", ["sha256", "page"]):
            yield from page_keys(rows)

    def quarantined(self) -> Iterator[dict[str, Any]]:
        """Yield the current rows of `pages` that could not be read; batches without any are not opened."""
        unread = pc.field("state") == "quarantined"
        for rows in self.iter_batches("pages", where=unread, only=lambda batch: batch.quarantined > 0):
            yield from rows.to_pylist()

    def shape(self, but_not: str = "") -> Distribution:
        """Return the distribution of the digits of all batches except those of the run `but_not`."""
        with self._manifests.read() as index:
            return sum(index.shapes(but_not), Distribution())

    def iter_batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
        only: Callable[[IndexedBatch], bool] = lambda batch: True,
    ) -> Iterator[pa.Table]:
        """Yield the current rows batch by batch, in the order of the source; a few batches are in memory at a time.

        Raises InputError for a file of a newer schema, StorageUnavailableError if a batch is replaced during the reading.
        """
        with self._manifests.read() as index:  # this reader ignores what is sealed or retired from here on
            wanted = Shelf(batch.to_json() for batch in index.batches() if _any_counts(batch) and only(batch))
        needed = None if columns is None or where is not None else [*dict.fromkeys([*columns, "file", "page"])]
        for some in chunks(map(IndexedBatch.from_json, wanted), FILES_AT_ONCE):
            uris = [join(self.dest, batch.files[table].path) for batch in some]
            for uri, data, batch in zip(uris, self._storage.read_many(uris), some, strict=True):
                rows = _only(from_parquet(table, uri, data, needed, batch.files[table].sha256), batch.counted)
                yield _select(rows if where is None else rows.filter(where), columns)

    def iter_pages(self) -> Iterator[tuple[pa.Table, pa.Table]]:
        """The tables `pages` and `numbers` of each batch, as they count now, in the order of the source.

        Both are as one moment saw them. One batch is in memory at a time. Errors are those of `iter_batches`.
        """
        with self._manifests.read() as index:
            wanted = Shelf(batch.to_json() for batch in index.batches() if _any_counts(batch))
        for batch in map(IndexedBatch.from_json, wanted):
            files = [batch.files[name] for name in _OF_PAGES]
            uris = [join(self.dest, file.path) for file in files]
            found = zip(_OF_PAGES, uris, self._storage.read_many(uris), files, strict=True)
            pages, numbers = (
                _only(from_parquet(name, uri, data, None, file.sha256), batch.counted) for name, uri, data, file in found
            )
            yield pages, numbers

    def retire(self) -> int:
        """Remove what no reader sees, of all shares: batches whose pages are all superseded, and tables that a killed run left.

        A partly superseded batch is written anew without those pages. Returns the number of batches removed.
        """
        removed = 0
        for _ in range(RETIRED_AT_MOST):  # a run that ends at the same time may write batches meanwhile
            with self._all.read(compact=True) as index:
                worn = Shelf(batch.to_json() for batch in index.batches() if batch.counted is not None)
            if not len(worn):
                break
            removed += len(worn)
            for batch in map(IndexedBatch.from_json, worn):
                self._rewrite(batch)
            self._remove(worn)
        self._sweep()
        return removed

    def _rewrite(self, batch: IndexedBatch) -> None:
        """Write the new manifest before removing the old one: a reader in between sees each row once."""
        counted = batch.counted
        if counted is None or not len(counted):
            return
        uris = [self._all.uri(batch.name), *(join(self.dest, batch.files[name].path) for name in TABLES)]
        data, *files = self._storage.read_many(uris)
        if data is None or None in files:
            return  # another run has retired this batch meanwhile
        old = Manifest.from_json(data, uris[0])
        pages = tuple(old.pages[position] for position in counted["position"])
        found = {
            name: from_parquet(name, uri, file, None, batch.files[name].sha256)
            for name, uri, file in zip(TABLES, uris[1:], files, strict=True)
        }
        tables = {name: _only(table, counted) for name, table in found.items()}
        key = batch_key(((page.uri, page.version, page.index) for page in pages), old.read_by)
        written = self.write_tables(key, tables)
        counts, shape = count_rows(tables), shape_of(tables["digits"])
        self.seal(replace(old, key=key, pages=pages, counts=counts, files=written, shape=shape))

    def _remove(self, worn: Shelf) -> None:
        """Remove the batches: manifests first, then the tables that no manifest names any more."""
        with self._all.listed() as index:  # keep a batch that was sealed again meanwhile
            batches = map(IndexedBatch.from_json, worn)
            unchanged = Shelf(self._all.uri(batch.name) for batch in batches if index.stands(batch.name, batch.version))
        self._delete(unchanged)
        with self._all.read() as index:
            paths = (file.path for batch in map(IndexedBatch.from_json, worn) for file in batch.files.values())
            gone = Shelf(join(self.dest, path) for path in paths if not index.names(path))
        self._delete(gone)

    def _sweep(self) -> None:
        """Remove tables that no manifest names: those long abandoned, and those whose pages other batches hold by now, which a
        reader of the plain files would see twice."""
        before = time.time() - ABANDONED_AFTER
        with self._all.read() as index:
            left = Shelf(
                path
                for path, modified in self._tables()
                if not index.names(path) and (0 < modified < before or self._is_held_elsewhere(path, index))
            )
        for some in chunks(left, FILES_AT_ONCE):
            self._remove_unsealed(some)
        for folder in (*TABLES, "manifests", "snapshots"):
            self._storage.clean(join(self.dest, folder))

    def _tables(self) -> Iterator[tuple[str, float]]:
        """Yield the path of each table and when it was written."""
        for table in TABLES:
            for entry in self._storage.list_folder(join(self.dest, table)):
                if is_table(entry.name):
                    yield f"{table}/{entry.name}", entry.modified

    def _is_held_elsewhere(self, path: str, index: ManifestIndex) -> bool:
        """Whether every page of a table is sealed in some batch. A damaged table is left until it is old."""
        uri = join(self.dest, path)
        (data,) = self._storage.read_many([uri])
        try:
            rows = from_parquet(path.split("/")[0], uri, data, ["file", "page"])
        except (InputError, StorageError):
            return False
        pages = rows.group_by(["file", "page"]).aggregate([]).to_pylist()
        return bool(pages) and index.holds((row["file"], row["page"] - 1) for row in pages)

    def _remove_unsealed(self, paths: Sequence[str]) -> None:
        """Remove tables, and put back those that another run has sealed meanwhile.

        A run that seals them later finds them missing and writes them again (`tasks.publish.seal`).
        """
        uris = [join(self.dest, path) for path in paths]
        kept = self._storage.read_many(uris)
        self._delete(uris)
        with self._all.read() as index:
            sealed = {
                uri: data for path, uri, data in zip(paths, uris, kept, strict=True) if data is not None and index.names(path)
            }
        self._storage.write_many(sealed)

    def _delete(self, uris: Iterable[str]) -> None:
        for some in chunks(uris, DELETED_AT_ONCE):
            self._storage.delete(some)


def _any_counts(batch: IndexedBatch) -> bool:
    return batch.counted is None or len(batch.counted) > 0


def _select(rows: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    return rows if columns is None else rows.select(list(columns))


def _only(rows: pa.Table, pages: PageKeys | None) -> pa.Table:
    """Select the rows of these pages; None for all."""
    if pages is None or not rows.num_rows:
        return rows
    uris = rows["file"].combine_chunks().dictionary_encode()
    indices = rows["page"].to_numpy() - 1
    return rows.filter(pa.array(rows_of(pages, uris.dictionary.to_pylist(), indices, uris.indices.to_numpy())))
