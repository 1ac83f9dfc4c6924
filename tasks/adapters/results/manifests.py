"""The folder DEST/manifests. The files' contents are kept in an index, which is updated when it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from digit_core.errors import InputError
from digit_core.partition import Share
from digit_core.results.manifest import KEY, Manifest
from tasks.adapters.results.manifest_index import ManifestIndex
from tasks.adapters.results.snapshot import WORTH, BatchRow, Compaction, Snapshots
from tasks.adapters.results.spill import Shelf, chunks, explained
from tasks.adapters.storage.storage import Storage, join

AT_ONCE = 256
"""Number of manifests requested together; some 3 MB with 64 pages each."""


class Manifests:
    """The manifests of the destination `dest`, with the pages of a share of the source. Raises the storage's errors."""

    def __init__(self, storage: Storage, dest: str, share: Share) -> None:
        self._storage, self._share = storage, share
        self._folder = join(dest, "manifests")
        self.snapshots = Snapshots(storage, dest)
        self._known: ManifestIndex | None = None
        self._turn = threading.Lock()

    def __iter__(self) -> Iterator[Manifest]:
        """Yield all manifests, ordered by name. Only a few are in memory."""
        with self.listed() as index:
            names = Shelf(index.listed())
        for some in chunks(names, AT_ONCE):
            yield from (manifest for _, manifest in self._read(some))

    def write(self, manifest: Manifest) -> None:
        """Write the manifest as one object, replacing one with the same key."""
        self._storage.write(self.uri(f"batch-{manifest.key}.json"), manifest.to_json().encode())

    def uri(self, name: str) -> str:
        """Return the URI of a manifest's file."""
        return join(self._folder, name)

    @contextmanager
    def listed(self) -> Iterator[ManifestIndex]:
        """Provide the index after listing the manifests, without reading new ones. After an error the index is rebuilt."""
        with self._turn, explained():
            index, self._known = self._known or ManifestIndex(self._share), None
            found = self._storage.list_folder(self._folder)
            index.relist((entry.name, entry.version) for entry in found if is_batch(entry.name, ".json"))
            yield index
            self._known = index

    @contextmanager
    def read(self, *, compact: bool = False) -> Iterator[ManifestIndex]:
        """Provide the index of all manifests. Only new ones are read, and where they are many, those that no snapshot has.

        compact: write a snapshot of many that had to be read.
        """
        with self.listed() as index:
            if index.count_unread() >= WORTH:
                self._read_snapshots(index, compact)
            else:
                self._read_new(index)
            yield index

    def _read_new(self, index: ManifestIndex, on_read: Callable[[list[BatchRow]], None] = lambda rows: None) -> None:
        for some in index.unread(AT_ONCE):
            versions = dict(some)
            rows = [BatchRow.of(name, versions[name], manifest) for name, manifest in self._read(list(versions))]
            index.add(rows)
            on_read(rows)

    def _read_snapshots(self, index: ManifestIndex, compact: bool) -> None:
        compaction = Compaction(self.snapshots)
        for name, rows in self.snapshots:
            counting = index.lacks(rows)
            index.add(counting)
            if compact:
                compaction.found(name, counting)
        if compact:
            self._read_new(index, compaction.read)
            compaction.finish()
        else:
            self._read_new(index)

    def _read(self, names: Sequence[str]) -> Iterator[tuple[str, Manifest]]:
        uris = [self.uri(name) for name in names]
        for name, uri, data in zip(names, uris, self._storage.read_many(uris), strict=True):
            if data is not None:  # None: it was retired after it was listed
                yield name, checked(name, Manifest.from_json(data, uri), uri)


def is_batch(name: str, suffix: str) -> bool:
    """Whether a file's name has the form of a batch's."""
    return name.startswith("batch-") and name.endswith(suffix)


def is_table(name: str) -> bool:
    """Whether a file's name has the form of a batch's table."""
    return is_batch(name, ".parquet") and KEY.fullmatch(name.removeprefix("batch-").removesuffix(".parquet")) is not None


def checked(name: str, manifest: Manifest, uri: str) -> Manifest:
    """Check the manifest's key against its file name. Raises InputError if they differ."""
    if name != f"batch-{manifest.key}.json":
        raise InputError(f"{uri} is the manifest of batch {manifest.key} under another name: it is a copy, delete it")
    return manifest
