"""DEST as a store of batches: Parquet files by batch, a manifest for each batch that is whole, and the rows that count now.

    DEST/pages/batch-KEY.parquet   DEST/numbers/…   DEST/digits/…   DEST/manifests/batch-KEY.json

Each file is written as one object, the manifest last. Readers follow the manifests, so that a killed run shows nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from digit_core.current import Fingerprints, Mask, Pages, current, fingerprint, page_array, rows_of, whole_objects
from digit_core.drift import Shape, shape_of
from digit_core.errors import StorageError
from digit_core.manifest import Manifest, batch_key, count_rows
from digit_core.readings import ReadBy
from digit_core.share import Share
from digit_core.tables import TABLES
from tasks.adapters.parquet_files import from_parquet, to_parquet
from tasks.adapters.storage import Storage, join, normalise

__all__ = ["Results", "fingerprint"]

T = TypeVar("T")
_WHOLE = Share()

MANIFESTS_AT_ONCE = 256
FILES_AT_ONCE = 8
"""Objects asked for together; with the files of one table of 64 pages that is some 10 MB."""

ABANDONED_AFTER = 24 * 3600.0
"""Seconds after which tables without a manifest are held to be a killed run's, not a living one's."""


@dataclass(frozen=True)
class _Batch:
    """What is kept in memory of a sealed batch; `first` is where its pages begin in the order of the source."""

    manifest: str
    order: tuple[int, str, str]
    reading: tuple[str, ...]
    files: Mapping[str, str]
    first: tuple[str, int]
    pages: Pages
    run_id: str
    quarantined: int
    shape: Shape
    whole: bool  # all its pages are of the share that is looked at


class Results:
    """The results' folder or bucket `dest`. Many may write and read at once; errors are those of the storage.

    With a `share` only the pages of that share of the source are known here: their memory is all that is needed to tell
    what of the share is read already. What it reads and retires is then of that share too.
    """

    def __init__(self, storage: Storage, dest: str, share: Share = _WHOLE) -> None:
        self._storage, self._share = storage, share
        self.dest = normalise(dest)
        self._known: dict[str, tuple[str, _Batch]] = {}

    def write_tables(self, key: str, tables: Mapping[str, pa.Table]) -> dict[str, str]:
        """Writes a batch's tables, which nobody sees yet; returns their paths relative to DEST, for the manifest.

        Raises ValueError if a table does not have the schema that is published.
        """
        files = {name: f"{name}/batch-{key}.parquet" for name in TABLES}
        self._storage.write_many({join(self.dest, path): to_parquet(name, tables[name]) for name, path in files.items()})
        return files

    def seal(self, manifest: Manifest) -> None:
        """From here on the batch counts. Raises StorageError if its tables are not there."""
        if not self.tables_stand(manifest):
            raise StorageError(f"the tables of batch {manifest.key} have gone from {self.dest}: run again to write them anew")
        self._storage.write(self._manifest_uri(manifest.key), manifest.to_json().encode())

    def tables_stand(self, manifest: Manifest) -> bool:
        """Whether all files that the manifest names are there."""
        return all(self._storage.exist([join(self.dest, path) for path in manifest.files.values()]))

    def manifests(self) -> Iterator[Manifest]:
        """All that stand, superseded ones too, in the order of their names. A handful is held at a time."""
        return (manifest for _, manifest in self._read_manifests(list(self._listed())))

    def next_seq(self) -> int:
        """A number greater than that of every run that has sealed a batch."""
        return max((batch.order[0] for batch in self._batches()), default=0) + 1

    def done(self, read_by: ReadBy) -> Fingerprints:
        """`fingerprint(uri, version)` of each object that need not be read again: all its pages are sealed, count now, and
        were read by the same model, algorithm, layout and parameters. Objects that could not be had are not among them.
        """
        batches = self._batches()
        alike = [
            batch.pages[mask] for batch, mask in zip(batches, _masks(batches), strict=True) if batch.reading == _reading(read_by)
        ]
        return Fingerprints(whole_objects(np.concatenate(alike)) if alike else np.empty(0, np.uint64))

    def read(self, table: str, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """All rows of a table that count now; `where` may speak of any column. Arguments as for `iter_batches`."""
        empty = TABLES[table].empty_table()
        return pa.concat_tables([_select(empty, columns), *self.iter_batches(table, columns, where)])

    def quarantined(self) -> Iterator[dict[str, Any]]:
        """The rows of `pages` that count now and could not be read; batches without any are not opened."""
        for rows in self.iter_batches(
            "pages", where=pc.field("state") == "quarantined", only=lambda batch: batch.quarantined > 0
        ):
            yield from rows.to_pylist()

    def shape(self, but_not: str = "") -> Shape:
        """How the digits of all batches are spread, those of the run `but_not` left out."""
        return sum((batch.shape for batch in self._batches() if batch.run_id != but_not), Shape())

    def iter_batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
        only: Callable[[_Batch], bool] = lambda batch: True,
    ) -> Iterator[pa.Table]:
        """The rows that count now, batch by batch in the order of the source; a few batches are in memory at a time.

        Raises InputError for a file of a newer schema, StorageUnavailableError if a batch is replaced during the reading.
        """
        batches = self._batches()
        wanted = [(batch, mask) for batch, mask in zip(batches, _masks(batches), strict=True) if mask.any() and only(batch)]
        needed = None if columns is None or where is not None else [*dict.fromkeys([*columns, "uri", "page_index"])]
        for some in _chunks(sorted(wanted, key=lambda one: one[0].first), FILES_AT_ONCE):
            uris = [join(self.dest, batch.files[table]) for batch, _ in some]
            for uri, data, (batch, mask) in zip(uris, self._storage.read_many(uris), some, strict=True):
                rows = _only(from_parquet(table, uri, data, needed), batch.pages[mask], whole=bool(mask.all()))
                yield _select(rows if where is None else rows.filter(where), columns)

    def retire(self) -> int:
        """Removes what no reader sees: batches whose pages were all superseded, tables that a killed run left.

        A batch that is superseded in part is written anew without those pages; one that is not wholly of this share is left
        to a run that reads it all. Returns the number of batches removed.
        """
        batches = self._batches()
        both = zip(batches, _masks(batches), strict=True)
        worn = [(batch, mask) for batch, mask in both if batch.whole and not mask.all()]
        for batch, mask in worn:
            if mask.any():
                self._rewrite(batch, mask)
        self._remove([batch for batch, _ in worn])
        self._sweep()
        return len(worn)

    def _rewrite(self, batch: _Batch, mask: Mask) -> None:
        """The new manifest stands before the old one goes: a reader in between sees each row once, by either."""
        uris = [batch.manifest, *(join(self.dest, batch.files[name]) for name in TABLES)]
        data, *files = self._storage.read_many(uris)
        if data is None or None in files:
            return  # another run has retired this batch meanwhile
        old = Manifest.from_json(data, batch.manifest)
        pages = tuple(page for page, counts in zip(old.pages, mask, strict=True) if counts)
        found = {name: from_parquet(name, uri, file, None) for name, uri, file in zip(TABLES, uris[1:], files, strict=True)}
        tables = {name: _only(table, batch.pages[mask], whole=False) for name, table in found.items()}
        key = batch_key(((page.uri, page.version, page.index) for page in pages), old.read_by)
        written = self.write_tables(key, tables)
        counts, shape = count_rows(tables), shape_of(tables["digits"])
        self.seal(replace(old, key=key, pages=pages, counts=counts, files=written, shape=shape))

    def _remove(self, batches: Sequence[_Batch]) -> None:
        """Manifests first, then the tables that no manifest names any more."""
        seen = {batch.manifest: self._known[batch.manifest][0] for batch in batches}
        unchanged = [uri for uri, version in self._listed().items() if seen.get(uri) == version]
        self._storage.delete(unchanged)  # one that was sealed again meanwhile stays
        named = {path for batch in self._batches() for path in batch.files.values()}
        gone = {path for batch in batches for path in batch.files.values()} - named
        self._storage.delete([join(self.dest, path) for path in sorted(gone)])

    def _sweep(self) -> None:
        before = time.time() - ABANDONED_AFTER
        for name in TABLES:
            old = {entry.uri for entry in self._storage.list_folder(join(self.dest, name)) if 0 < entry.modified < before}
            if old:
                named = {join(self.dest, batch.files[name]) for batch in self._batches()}
                self._storage.delete([uri for uri in sorted(old - named) if _is_batch(uri, ".parquet")])
        for folder in (*TABLES, "manifests"):
            self._storage.clean(join(self.dest, folder))

    def _batches(self) -> list[_Batch]:
        """The sealed batches from the oldest to the newest; reads only the manifests that are new since the last call."""
        listed = self._listed()
        self._known = {uri: known for uri, known in self._known.items() if listed.get(uri) == known[0]}
        for uri, manifest in self._read_manifests([uri for uri in listed if uri not in self._known]):
            self._known[uri] = (listed[uri], _to_batch(uri, manifest, self._share))
        return sorted((batch for _, batch in self._known.values()), key=lambda batch: batch.order)

    def _listed(self) -> dict[str, str]:
        """URI and version of each manifest."""
        folder = self._storage.list_folder(join(self.dest, "manifests"))
        return {entry.uri: entry.version for entry in folder if _is_batch(entry.uri, ".json")}

    def _read_manifests(self, uris: Sequence[str]) -> Iterator[tuple[str, Manifest]]:
        for some in _chunks(uris, MANIFESTS_AT_ONCE):
            for uri, data in zip(some, self._storage.read_many(some), strict=True):
                if data is not None:  # else it was retired after it was listed
                    yield uri, Manifest.from_json(data, uri)

    def _manifest_uri(self, key: str) -> str:
        return join(self.dest, "manifests", f"batch-{key}.json")


def _is_batch(uri: str, suffix: str) -> bool:
    return uri.rpartition("/")[2].startswith("batch-") and uri.endswith(suffix)


def _to_batch(uri: str, manifest: Manifest, share: Share) -> _Batch:
    first = min((page.uri, page.index) for page in manifest.pages)
    pages = [page for page in manifest.pages if share.holds(page.uri)]
    return _Batch(
        *(uri, manifest.order, _reading(manifest.read_by), manifest.files, first, page_array(pages)),
        *(manifest.read_by.run_id, manifest.counts.get("quarantined", 0), manifest.shape, len(pages) == len(manifest.pages)),
    )


def _reading(read_by: ReadBy) -> tuple[str, ...]:
    return read_by.model_version, read_by.algorithm_version, read_by.layout_version, read_by.params


def _masks(batches: Sequence[_Batch]) -> list[Mask]:
    return current([batch.pages for batch in batches])


def _chunks(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _select(rows: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    return rows if columns is None else rows.select(list(columns))


def _only(rows: pa.Table, pages: Pages, whole: bool) -> pa.Table:
    """The rows of these pages; all of them if `whole`."""
    if whole or not rows.num_rows:
        return rows
    uris = rows["uri"].combine_chunks().dictionary_encode()
    indices = rows["page_index"].to_numpy()
    return rows.filter(pa.array(rows_of(pages, uris.dictionary.to_pylist(), indices, uris.indices.to_numpy())))
