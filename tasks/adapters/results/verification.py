"""Verification of a destination: each manifest and its tables, by their checksums and the manifest's contents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from digit_core.errors import DigitsError, InputError
from digit_core.records import PageRef
from digit_core.results.manifest import Manifest, count_rows
from digit_core.results.schema import TABLES
from tasks.adapters.results.manifests import checked, is_batch
from tasks.adapters.results.parquet import from_parquet
from tasks.adapters.storage.storage import Storage, join, normalise


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, and what is wrong with it."""

    uri: str
    what: str


@dataclass(frozen=True, slots=True)
class VerifiedBatch:
    """A batch, by its manifest's file. `pages`: all its pages, none where the manifest itself cannot be read."""

    manifest_uri: str
    pages: tuple[PageRef, ...]
    problems: tuple[Problem, ...]


def verified(storage: Storage, dest: str) -> Iterator[VerifiedBatch]:
    """Verify every batch of the destination, ordered by name; one is in memory at a time. Raises the storage's errors."""
    dest = normalise(dest)
    folder = join(dest, "manifests")
    for name in storage.list_names(folder):
        if is_batch(name, ".json") and (data := storage.read_many([join(folder, name)])[0]) is not None:
            yield _verified(storage, dest, name, data)


def _verified(storage: Storage, dest: str, name: str, data: bytes) -> VerifiedBatch:
    uri = join(dest, "manifests", name)
    try:
        manifest = checked(name, Manifest.from_json(data, uri), uri)
    except InputError as error:
        return VerifiedBatch(uri, (), (_problem(uri, error),))
    tables: dict[str, pa.Table] = {}
    problems = []
    for table in TABLES:
        try:
            tables[table] = _table(storage, dest, manifest, table)
        except DigitsError as error:
            problems.append(_problem(join(dest, manifest.files[table].path), error))
    if not problems and not _fits(manifest, tables):
        problems.append(Problem(uri, "does not say what its tables hold"))
    return VerifiedBatch(uri, manifest.pages, tuple(problems))


def _table(storage: Storage, dest: str, manifest: Manifest, table: str) -> pa.Table:
    file = manifest.files[table]
    (data,) = storage.read_many([join(dest, file.path)])
    if data is None:
        raise InputError(f"{join(dest, file.path)} is missing")
    return from_parquet(table, join(dest, file.path), data, None, file.sha256)


def _problem(uri: str, error: DigitsError) -> Problem:
    return Problem(uri, str(error).removeprefix(uri).partition(": ")[0].strip())


def _fits(manifest: Manifest, tables: Mapping[str, pa.Table]) -> bool:
    """Whether pages and counts match the tables."""
    counted, rows = count_rows(tables), tables["pages"]
    pages = sorted(zip(rows["file"].to_pylist(), rows["page"].to_pylist(), strict=True))
    same_pages = pages == sorted((page.uri, page.index + 1) for page in manifest.pages)
    return same_pages and all(manifest.counts.get(name) == counted[name] for name in ("pages", "numbers", "digits"))
