"""Published numbers that another model would change: every page is read again by both models; nothing is written.

No orchestrator is imported here.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from digit_core.errors import FailureReason, StorageUnavailableError
from digit_core.records import PageFailure, PageRef
from digit_core.results.model_diff import Change, changes
from flows.planning import reader_spec
from flows.settings import Settings
from flows.workspace import spool
from tasks.adapters.registry.networks import NetworkFiles
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Missing, Storage
from tasks.jobs import Reread, RereadJob, reread_page
from tasks.reader_spec import ReaderSpec
from tasks.work_limits import Lost
from tasks.worker_pool import WorkerPool

_PAGE = ["file", "sha256", "page", "page_count", "state"]
_NUMBER = ["file", "page", "number_id", "digits", "state", "confidence", "x", "y", "w", "h"]

RowFields = dict[str, Any]


@dataclass(frozen=True)
class PageChanges:
    """A published page with those of its numbers that would change."""

    file: str
    page: int
    changes: tuple[Change, ...]


def what_would_change(
    results: Results,
    storage: Storage,
    champion: NetworkFiles,
    challenger: NetworkFiles,
    settings: Settings,
    on_pages: Callable[[int], None] = lambda count: None,
) -> Iterator[PageChanges | PageFailure]:
    """Yield the changes page by page, in the order of the source; a failure for a page that is gone, has changed, or cannot be
    read.

    Quarantined pages are skipped. Pages are read with the present settings; `on_pages` is called with the number of pages read.
    Raises StorageError, and StorageUnavailableError when the results change meanwhile.
    """
    by = reader_spec(settings, champion), reader_spec(settings, challenger)
    folder = settings.spool_folder / f"against-{uuid.uuid4().hex}"
    pool = WorkerPool(settings.worker_count, settings.page_seconds, settings.page_megabytes)
    try:
        with spool(folder):
            for number, (pages, published) in enumerate(_batches(results)):
                here = folder / str(number)
                yield from _on_batch(pages, published, _files(storage, pages, here), by, pool, on_pages)
                shutil.rmtree(here, ignore_errors=True)
    finally:
        pool.close()


def _batches(results: Results) -> Iterator[tuple[list[RowFields], dict[tuple[str, int], list[RowFields]]]]:
    """Yield each batch's pages that were read, and their published numbers by (file, page)."""
    both = zip(results.iter_batches("pages", _PAGE), results.iter_batches("numbers", _NUMBER), strict=True)
    for pages, numbers in both:
        rows = [row for row in pages.to_pylist() if row["state"] == "read"]
        published = _by_page(numbers)
        if not published.keys() <= {_key(row) for row in rows}:
            raise StorageUnavailableError(f"{results.dest} is being written to: try again when that run has ended")
        yield rows, published


def _by_page(numbers: pa.Table) -> dict[tuple[str, int], list[RowFields]]:
    return {key: list(rows) for key, rows in groupby(sorted(numbers.to_pylist(), key=_key), key=_key)}


def _key(row: RowFields) -> tuple[str, int]:
    return row["file"], row["page"]


def _files(storage: Storage, pages: Sequence[RowFields], folder: Path) -> dict[str, Path | Missing]:
    uris = list(dict.fromkeys(row["file"] for row in pages))
    return dict(zip(uris, storage.fetch(uris, folder), strict=True))


def _on_batch(
    pages: Sequence[RowFields],
    published: dict[tuple[str, int], list[RowFields]],
    files: dict[str, Path | Missing],
    by: tuple[ReaderSpec, ReaderSpec],
    pool: WorkerPool,
    on_pages: Callable[[int], None],
) -> Iterator[PageChanges | PageFailure]:
    here = [(row, file) for row in pages if isinstance(file := files[row["file"]], Path)]
    jobs = [RereadJob(file, _ref(row), *by) for row, file in here]
    read = dict(zip((_key(row) for row, _ in here), pool.run(reread_page, jobs, on_done=on_pages), strict=True))
    on_pages(len(pages) - len(here))
    for row in pages:
        outcome = read.get(_key(row), files[row["file"]])
        if isinstance(outcome, Reread):
            sides = outcome.champion.to_pylist(), outcome.challenger.to_pylist()
            yield PageChanges(*_key(row), tuple(changes(published.get(_key(row), []), *sides)))
        else:
            yield _failure(row, outcome)


def _failure(row: RowFields, outcome: Any) -> PageFailure:
    if isinstance(outcome, PageFailure):
        return outcome
    if isinstance(outcome, Missing):
        return PageFailure(_ref(row), FailureReason.MISSING, f"gone: {outcome.message}")
    lost: Lost = outcome
    return PageFailure(_ref(row), lost.reason, lost.message)


def _ref(row: RowFields) -> PageRef:
    return PageRef(row["file"], "", row["sha256"], row["page"] - 1, row["page_count"])
