"""What every run over pages does once it has a plan: read them all, count, judge the failure budget, report, tidy up."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from prefect import get_run_logger

from digit_core.records import SourceObject
from flows.drift import warn_of_drift
from flows.flights import Flight, take_off, window
from flows.options import Runner
from flows.progress import Progress, current
from flows.report import report
from flows.settings import Settings
from flows.spool import spool
from flows.tally import Quarantined, Tally
from tasks.adapters.results import Results
from tasks.adapters.storage import Storage
from tasks.plan import Desk, RunPlan, Sealed, desk
from tasks.policy import patiently

ObjectsOf = Callable[[Storage, Results, RunPlan], Iterable[SourceObject]]


def read_to_the_end(plan: RunPlan, settings: Settings, objects_of: ObjectsOf, counted: Tally | None = None) -> Tally:
    """Read the objects, add them to the results, and leave a report, also of a run that is stopped.

    counted: what this run has read before; goes on being counted into. Raises StorageError, QueueError and their kin, and
    BudgetExceededError when too many pages were quarantined.
    """
    tally = counted or (current.get() or Progress()).tally
    storage = Storage(settings.storage_options, patiently)
    results = Results(storage, plan.out, plan.share)
    plan = replace(plan, seq=results.next_seq())
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
    if settings.runner is Runner.DASK:
        from flows.on_dask import cluster  # an extra: pip install 'archive-digits[dask]'

        with cluster(plan, settings.scheduler) as dask:
            _read_all(plan, _counted(dask.take_off(objects)), dask.window, settings.max_failed, tally)
    else:
        with _at_desk(plan) as at:
            at.on_pages = (current.get() or Progress()).count_pages
            _read_all(plan, take_off(plan, objects), lambda: window(plan), settings.max_failed, tally)


def _counted(flights: Iterable[Flight]) -> Iterator[Flight]:
    """Pages that other machines read are counted when their group has landed."""
    count = (current.get() or Progress()).count_pages
    for flight in flights:
        yield replace(flight, on_pages=count)


@contextmanager
def _at_desk(plan: RunPlan) -> Iterator[Desk]:
    """However the run ends, its worker processes and its working files end with it."""
    with spool(plan.spool):
        at = desk(plan)
        try:
            yield at
        finally:
            at.close()
            desk.cache_clear()


def _read_all(plan: RunPlan, flights: Iterable[Flight], window: Callable[[], int], max_failed: float, tally: Tally) -> None:
    """Keep `window()` batches in the air; raises what stops the run once all have landed."""
    flying: deque[Flight] = deque()
    try:
        for flight in flights:
            flying.append(flight)
            if len(flying) >= window():
                _land(plan, flying, tally)
                tally.check_budget(max_failed, plan.out, at_end=False)
        while flying:
            _land(plan, flying, tally)
    except BaseException as error:
        # What stopped the run is known; batches that are sealed all the same count. One that is told to end waits for none.
        while flying:
            if flying[0].is_sealed(wait=isinstance(error, Exception)):
                _land(plan, flying, tally)
            else:
                flying.popleft()
        raise


def _land(plan: RunPlan, flying: deque[Flight], tally: Tally) -> None:
    """The first one. It stays among them until it has landed: a run that is told to end meanwhile looks at it again."""
    batches = flying[0].land()
    flight = flying.popleft()
    for sealed in batches:
        tally.add(sealed)
        _log(flight, sealed)
    if flight.last:
        tally.objects += len(flight.group.objects)
        shutil.rmtree(plan.spool / str(flight.group.number), ignore_errors=True)


def _log(flight: Flight, sealed: Sealed) -> None:
    """A line for each batch, and one for each page that could not be read, by its id."""
    logger, counts = get_run_logger(), sealed.counts
    first = flight.group.objects[0].uri
    logger.info(f"group {flight.group.number} from {first!r}: {counts['pages']} pages, {counts['digits']} digits sealed")
    for one in (Quarantined(*row) for row in sealed.failures):
        logger.warning(f"page {one.page_id} quarantined ({one.reason}): {one.uri!r}, page {one.page}: {one.message}")
