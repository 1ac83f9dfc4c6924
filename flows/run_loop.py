"""The main loop of every run: read all batches, count, check the failure budget, report, clean up."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from prefect import get_run_logger

from digit_core.records import SourceObject
from flows.drift_alarm import warn_of_drift
from flows.options import Runner
from flows.progress import RunProgress, current
from flows.report import report
from flows.run_local import PendingBatch, submit_batches, window
from flows.run_stats import Quarantined, Tally
from flows.settings import Settings
from flows.workspace import spool
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tasks.retries import patiently
from tasks.run_plan import RunContext, RunPlan, Sealed, run_context

ObjectsOf = Callable[[Storage, Results, RunPlan], Iterable[SourceObject]]


def read_to_the_end(plan: RunPlan, settings: Settings, objects_of: ObjectsOf, counted: Tally | None = None) -> Tally:
    """Read the objects, add them to the results, and write a report, also when the run is stopped.

    counted: the tally of what this run has read before, which is continued. Raises StorageError, QueueError and similar, and
    BudgetExceededError when too many pages were quarantined.
    """
    tally = counted or (current.get() or RunProgress()).tally
    storage = Storage(settings.storage_options, patiently)
    results = Results(storage, plan.out, plan.share)
    results.check_writable()
    plan = replace(plan, seq=results.next_seq(), began=datetime.now(UTC).isoformat())
    if plan.note:
        get_run_logger().warning(plan.note)
    try:
        _read(plan, settings, objects_of(storage, results, plan), tally)
        tally.check_budget(settings.max_failed, plan.out, at_end=True)
    finally:
        report(plan, tally)
        warn_of_drift(plan, settings, tally.shape, results)
    results.retire()
    return tally


def _read(plan: RunPlan, settings: Settings, objects: Iterable[SourceObject], tally: Tally) -> None:
    progress = current.get() or RunProgress()
    if settings.runner is Runner.DASK:
        from flows.run_dask import cluster  # an extra: pip install 'archive-digits[dask]'

        with cluster(plan, settings.scheduler) as dask:
            _read_all(plan, _counted(dask.submit_batches(objects), progress), dask.window, settings.max_failed, tally)
    else:
        with _opened_context(plan) as at:
            at.on_pages = progress.count_pages
            _read_all(plan, submit_batches(plan, objects, progress), lambda: window(plan), settings.max_failed, tally)


def _counted(pending_batches: Iterable[PendingBatch], progress: RunProgress) -> Iterator[PendingBatch]:
    """Count the pages that other machines read when their group is finished."""
    for pending_batch in pending_batches:
        progress.begin()
        yield replace(pending_batch, on_pages=partial(progress.count_group, len(pending_batch.group.objects)))


@contextmanager
def _opened_context(plan: RunPlan) -> Iterator[RunContext]:
    """Open the context; remove its worker processes and working files however the run ends."""
    with spool(plan.spool):
        at = run_context(plan)
        try:
            yield at
        finally:
            at.close()
            run_context.cache_clear()


def _read_all(
    plan: RunPlan, pending_batches: Iterable[PendingBatch], window: Callable[[], int], max_failed: float, tally: Tally
) -> None:
    """Keep `window()` batches in flight; after an error wait for those in flight, then raise it."""
    pending: deque[PendingBatch] = deque()
    try:
        for pending_batch in pending_batches:
            pending.append(pending_batch)
            if len(pending) >= window():
                _await_oldest(plan, pending, tally)
                tally.check_budget(max_failed, plan.out, at_end=False)
        while pending:
            _await_oldest(plan, pending, tally)
    except BaseException as error:
        # the reason for stopping is known; batches sealed meanwhile still count, but a run told to end waits for none
        while pending:
            if pending[0].is_sealed(wait=isinstance(error, Exception)):
                _await_oldest(plan, pending, tally)
            else:
                pending.popleft()
        raise


def _await_oldest(plan: RunPlan, pending: deque[PendingBatch], tally: Tally) -> None:
    """Wait for the oldest batch. It stays in `pending` until it is finished, so that a run told to end sees it again."""
    batches = pending[0].result()
    pending_batch = pending.popleft()
    for sealed in batches:
        tally.add(sealed)
        _log(pending_batch, sealed)
    if pending_batch.last:
        tally.objects += len(pending_batch.group.objects)
        shutil.rmtree(plan.spool / str(pending_batch.group.number), ignore_errors=True)


def _log(pending_batch: PendingBatch, sealed: Sealed) -> None:
    """Log a line per batch, and one per unread page, by its id."""
    logger, counts = get_run_logger(), sealed.counts
    first = pending_batch.group.objects[0].uri
    logger.info(f"group {pending_batch.group.number} from {first!r}: {counts['pages']} pages, {counts['digits']} digits sealed")
    for one in (Quarantined(*row) for row in sealed.failures):
        logger.warning(f"page {one.page_id} quarantined ({one.reason}): {one.uri!r}, page {one.page}: {one.message}")
