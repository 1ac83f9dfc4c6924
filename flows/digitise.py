"""The flow `digitise`: order, fan-out and failure budget. What the stages do is in `tasks`."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Any

import prefect.runtime
from prefect import flow
from prefect.futures import PrefectFuture
from pydantic import Field

from digit_core.errors import DigitsError
from digit_core.params import Ink
from digit_core.records import SourceObject
from flows.planning import Listing, make_plan, with_options
from flows.progress import Progress, current
from flows.report import report
from flows.settings import load_settings
from flows.spool import spool
from flows.tally import Tally
from tasks.adapters.results import Results
from tasks.adapters.storage import Storage
from tasks.classify import classify
from tasks.detect import detect
from tasks.ingest import ingest
from tasks.plan import GROUP_OBJECTS, Batch, Desk, Group, RunPlan, Sealed, desk
from tasks.publish import publish, seal
from tasks.route import route

Share = Annotated[float, Field(ge=0, le=1)]

AHEAD = 2
"""Groups of objects that are fetched while others are being read."""


@flow(name="digitise", flow_run_name="digitise {source}", persist_result=False)
def digitise(
    source: str,
    out: str,
    threshold: Share | None = None,
    max_error: Share | None = None,
    ink: Ink | None = None,
    audit_share: Share | None = None,
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None,
    max_failed: Share | None = None,
    max_megapixels: Annotated[float, Field(gt=0)] | None = None,
) -> Tally:
    """Read every page of SOURCE that is new or changed since OUT was written, and add it to OUT.

    source, out: folder or fsspec URL (s3://bucket/folder). The other parameters default to the settings DIGITS_….
    Raises InputError, StorageError, RegistryError or QueueError for what stops a run, and BudgetExceededError when too
    many pages were quarantined. What was sealed by then stays, and the next run goes on from there.
    """
    settings = with_options(
        load_settings(),
        threshold=threshold,
        max_error=max_error,
        ink=ink,
        audit_share=audit_share,
        workers=workers,
        max_failed=max_failed,
        max_megapixels=max_megapixels,
    )
    progress = current.get() or Progress()
    plan = make_plan(source, out, settings, run_id=str(prefect.runtime.flow_run.id))
    storage = Storage(settings.storage_options)
    results = Results(storage, plan.out)
    plan = replace(plan, seq=results.next_seq())
    with _at_desk(plan) as at:
        at.on_pages = progress.count_pages
        try:
            _read_all(plan, Listing(storage, results, plan), settings.max_failed, progress.tally)
            progress.tally.check_budget(settings.max_failed, plan.out, at_end=True)
        except DigitsError:
            report(plan, progress.tally)
            raise
        report(plan, progress.tally)
        results.retire()
    return progress.tally


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


@dataclass(frozen=True)
class _Flight:
    """A batch on its way through the stages; `last` of its group, so that the group's files may go."""

    group: Group
    last: bool
    stages: tuple[PrefectFuture[Any], ...]

    def land(self) -> Sealed:
        """Wait for the batch. Raises what stopped it, from the first stage that failed."""
        for stage in self.stages:
            stage.result()
        sealed: Sealed = self.stages[-1].result()
        return sealed


def _read_all(plan: RunPlan, objects: Iterable[SourceObject], max_failed: float, tally: Tally) -> None:
    """Keep just as many batches in the air as the workers need; raises what stops the run once all have landed."""
    flights: deque[_Flight] = deque()
    window = AHEAD + 1 + plan.workers // GROUP_OBJECTS
    try:
        for flight in _take_off(plan, _groups(objects)):
            flights.append(flight)
            if len(flights) >= window:
                _land(plan, flights.popleft(), tally)
                tally.check_budget(max_failed, plan.out, at_end=False)
        while flights:
            _land(plan, flights.popleft(), tally)
    except Exception:
        for flight in flights:
            _land_if_sound(plan, flight, tally)
        raise


def _land(plan: RunPlan, flight: _Flight, tally: Tally) -> None:
    tally.add(flight.land())
    if flight.last:
        tally.objects += len(flight.group.objects)
        shutil.rmtree(plan.spool / str(flight.group.number), ignore_errors=True)


def _land_if_sound(plan: RunPlan, flight: _Flight, tally: Tally) -> None:
    """What stopped the run is known already; a batch that was sealed all the same counts."""
    flight.stages[-1].wait()
    if flight.stages[-1].state.is_completed():
        _land(plan, flight, tally)


def _groups(objects: Iterable[SourceObject]) -> Iterator[Group]:
    listed = iter(objects)
    number = 0
    while members := tuple(islice(listed, GROUP_OBJECTS)):
        yield Group(number, members)
        number += 1


def _take_off(plan: RunPlan, groups: Iterable[Group]) -> Iterator[_Flight]:
    """Each batch with its stages submitted; the groups after it are being fetched meanwhile."""
    fetching: deque[tuple[Group, PrefectFuture[list[Batch]]]] = deque()
    for group in groups:
        fetching.append((group, ingest.submit(plan, group)))
        if len(fetching) > AHEAD:
            yield from _stages(plan, *fetching.popleft())
    while fetching:
        yield from _stages(plan, *fetching.popleft())


def _stages(plan: RunPlan, group: Group, ingested: PrefectFuture[list[Batch]]) -> Iterator[_Flight]:
    batches = ingested.result()
    for batch in batches:
        found: Any = detect.submit(plan, batch)  # Any: Prefect's types do not know that a future stands for its result
        tables: Any = classify.submit(plan, batch.number, found)
        manifest: Any = publish.submit(plan, batch, tables)
        items: Any = route.submit(plan, batch, found, tables)
        sealed: Any = seal.submit(plan, manifest, tables, items)
        yield _Flight(group, batch is batches[-1], (found, tables, manifest, items, sealed))
