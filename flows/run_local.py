"""Execution of the stages in the threads and worker processes of this machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from prefect.futures import PrefectFuture

from digit_core.records import SourceObject
from tasks.classify import classify
from tasks.detect import detect
from tasks.ingest import ingest
from tasks.publish import publish, seal
from tasks.route import route
from tasks.run_plan import GROUP_OBJECTS, Batch, Group, RunPlan, Sealed

AHEAD = 2
"""Number of groups of objects fetched ahead."""

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


def submit_batches(plan: RunPlan, objects: Iterable[SourceObject]) -> Iterator[PendingBatch]:
    """Submit the stages of each batch; later groups are fetched meanwhile."""
    fetching: deque[tuple[Group, PrefectFuture[list[Batch]]]] = deque()
    for group in groups(objects):
        fetching.append((group, ingest.submit(plan, group)))
        if len(fetching) > AHEAD:
            yield from _stages(plan, *fetching.popleft())
    while fetching:
        yield from _stages(plan, *fetching.popleft())


def _stages(plan: RunPlan, group: Group, ingested: PrefectFuture[list[Batch]]) -> Iterator[PendingBatch]:
    batches = ingested.result()
    for batch in batches:
        found: Any = detect.submit(plan, batch)  # Any: Prefect's types do not know that a future stands for its result
        classified: Any = classify.submit(plan, batch, found)
        manifest: Any = publish.submit(plan, batch, classified)
        items: Any = route.submit(plan, batch, classified)
        sealed: Any = seal.submit(plan, manifest, classified, items)
        yield PendingBatch(group, batch is batches[-1], (found, classified, manifest, items, sealed))
