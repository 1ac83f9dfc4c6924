"""Execution of the stages in the threads and worker processes of this machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from prefect.futures import PrefectFuture

from digit_core.records import PageFailure, PageRef, SourceObject
from flows.progress import RunProgress
from tasks.classify import classify
from tasks.detect import detect
from tasks.ingest import ingest
from tasks.publish import publish, seal
from tasks.route import route
from tasks.run_plan import BATCH_PAGES, GROUP_OBJECTS, Batch, Group, RunPlan, Sealed

AHEAD = 2
"""Number of groups of objects fetched ahead."""

LOST_SECONDS, LOST_SHARE = 30.0, 0.05
"""A run that is killed loses about so many seconds of work, or this share of what it has done: so a short run keeps most of it,
and a long one writes no small files."""

FIRST_PAGES = 2
"""Pages for each worker in a batch while their speed is unknown."""

WORD_SECONDS = 0.3
"""Seconds allowed between the writing of a manifest and the report of it, on a busy machine."""


@dataclass(frozen=True)
class PendingBatch:
    """One or several batches that finish together; `last` in their group, after which the group's files may be removed."""

    group: Group
    last: bool
    stages: tuple[PrefectFuture[Any], ...]
    on_pages: Callable[[int], None] = lambda count: None

    def result(self) -> list[Sealed]:
        """Wait for the batches. Raises the error of the first stage that failed."""
        for stage in self.stages:
            stage.result()
        sealed = self.stages[-1].result()
        batches: list[Sealed] = sealed if isinstance(sealed, list) else [sealed]
        self.on_pages(sum(batch.counts["pages"] for batch in batches))
        return batches

    def is_sealed(self, wait: bool) -> bool:
        """Whether all were sealed, now or (with `wait`) at the end."""
        self.stages[-1].wait(None if wait else WORD_SECONDS)
        return bool(self.stages[-1].state.is_completed())


def groups(objects: Iterable[SourceObject]) -> Iterator[Group]:
    """Split the objects into groups, in order."""
    listed = iter(objects)
    number = 0
    while members := tuple(islice(listed, GROUP_OBJECTS)):
        yield Group(number, members)
        number += 1


def window(plan: RunPlan) -> int:
    """Return the number of batches to keep in flight: just enough for the workers."""
    return AHEAD + 1 + plan.workers // GROUP_OBJECTS


def submit_batches(plan: RunPlan, objects: Iterable[SourceObject], progress: RunProgress) -> Iterator[PendingBatch]:
    """Submit the stages of each batch; later groups are fetched meanwhile."""
    fetching: deque[tuple[Group, PrefectFuture[list[Batch]]]] = deque()
    for group in groups(objects):
        fetching.append((group, ingest.submit(plan, group)))
        if len(fetching) > AHEAD:
            yield from _stages(plan, *fetching.popleft(), progress)
    while fetching:
        yield from _stages(plan, *fetching.popleft(), progress)


def _stages(plan: RunPlan, group: Group, ingested: PrefectFuture[list[Batch]], progress: RunProgress) -> Iterator[PendingBatch]:
    batches = ingested.result()
    progress.count_opened(len(group.objects), sum(len(batch.pages) for batch in batches))
    progress.begin()
    for batch in batches:
        for part, last in _parts(batch, lambda: pages_at_risk(plan, progress)):
            found: Any = detect.submit(plan, part)  # Any: Prefect's types do not know that a future stands for its result
            classified: Any = classify.submit(plan, part, found)
            manifest: Any = publish.submit(plan, part, classified)
            items: Any = route.submit(plan, part, classified)
            sealed: Any = seal.submit(plan, manifest, classified, items)
            yield PendingBatch(group, last and batch is batches[-1], (found, classified, manifest, items, sealed))


def pages_at_risk(plan: RunPlan, progress: RunProgress) -> int:
    """Return how many pages to read before they are sealed: as many as a killed run may lose, shared by the batches in flight."""
    seconds = max(LOST_SECONDS, LOST_SHARE * progress.seconds_reading)
    known = round(progress.pages_per_second * seconds / window(plan))
    return min(BATCH_PAGES, max(known, FIRST_PAGES * plan.workers))


def _parts(batch: Batch, pages_at_risk: Callable[[], int]) -> Iterator[tuple[Batch, bool]]:
    """Cut a batch into parts of at least so many pages, as it is at the time; tell whether it is the last one.

    A file that is read in part is read anew by the next run, so that a cut within it would save nothing.
    """
    rest, number = batch.pages, 0
    while rest:
        least = pages_at_risk()
        starts = (i for i in range(least, len(rest)) if _begins_a_file(rest[i]))
        end = next(starts, len(rest))
        yield replace(batch, number=f"{batch.number}.{number}", pages=rest[:end]), end == len(rest)
        rest, number = rest[end:], number + 1


def _begins_a_file(page: PageRef | PageFailure) -> bool:
    return (page.ref if isinstance(page, PageFailure) else page).index == 0
