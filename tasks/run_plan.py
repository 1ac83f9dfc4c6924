"""What one run knows before it starts, and the collaborators that it leads to.

`RunPlan` is plain values, so it can travel to any process; `RunContext` holds what cannot travel (pool, connections) and is
made once in each process that runs stages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from digit_core.calibration.risk_control import DialSetting
from digit_core.params import Params
from digit_core.partition import Share
from digit_core.readings import ReadBy, ReviewItem
from digit_core.records import PageFailure, PageRef, SourceObject
from digit_core.results.drift import Distribution
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tasks.reader_spec import ReaderSpec
from tasks.work_limits import MEGABYTES
from tasks.worker_pool import WorkerPool

GROUP_OBJECTS = 32
"""Listed objects that are fetched and looked at together."""

BATCH_PAGES = 64
"""Most pages of one batch: one Parquet file of each table, one manifest."""


def params_digest(*params: Params) -> str:
    """One digest for several parameter sets."""
    return hashlib.sha256(" ".join(one.digest() for one in params).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class RunPlan:
    """Everything that decides what a run does; `seq` orders runs over the same destination.

    `source`: where the scans lie, "" for a run that tries the failed pages of `out` again, wherever those lie.
    """

    source: str
    out: str
    spool: Path
    spec: ReaderSpec
    read_by: ReadBy
    seq: int
    workers: int
    page_seconds: float
    storage_options: str = field(default="{}", repr=False)  # JSON, so that the plan can be a key
    review_url: str = field(default="", repr=False)
    share: Share = field(default_factory=Share)  # of the source that this run reads
    home: str = ""  # name of the machine that a run on several machines was started on
    note: str = ""  # what a person should know of the model, such as that the registry was away
    page_megabytes: float = MEGABYTES
    promise: DialSetting | None = None  # what the threshold was chosen for, if for an error
    options: str = "{}"  # those that decide what is read, as JSON; kept with each batch, for a retry

    @property
    def title(self) -> str:
        """What is read, for people."""
        return self.source or f"failed pages of {self.out}"


@dataclass(frozen=True)
class Batch:
    """Pages that are read, published and sealed together; `paths` has the local file of each uri."""

    number: str
    pages: tuple[PageRef | PageFailure, ...]
    paths: dict[str, Path]


@dataclass(frozen=True)
class Group:
    """Listed objects that are fetched together."""

    number: int
    objects: tuple[SourceObject, ...]


@dataclass(frozen=True)
class Sealed:
    """A finished batch: its counts, its failures as (uri, page from 1, reason, message, page id), its questions,
    how its digits are spread.

    `example` is the uri of the page with most numbers, '' if none has any.
    """

    counts: dict[str, int]
    example: str
    failures: tuple[tuple[str, int, str, str, str], ...]
    items: tuple[ReviewItem, ...]
    shape: Distribution = field(default_factory=Distribution)


class RunContext:
    """The collaborators of a run in this process. Raises QueueError if the review queue cannot be had."""

    def __init__(self, plan: RunPlan) -> None:
        from tasks.adapters.review.queue import ReviewQueue  # SQLAlchemy: 0.3 s that only a run needs

        options: dict[str, Any] = json.loads(plan.storage_options)
        self.storage = Storage(options)
        self.results = Results(self.storage, plan.out)
        self.queue = ReviewQueue(plan.review_url)
        self.pool = WorkerPool(plan.workers, plan.page_seconds, plan.page_megabytes)
        self.on_pages: Callable[[int], None] = lambda count: None  # told of every page looked at

    def close(self) -> None:
        """End the worker processes and the connections."""
        self.pool.close()
        self.queue.close()


@lru_cache(maxsize=2)
def run_context(plan: RunPlan) -> RunContext:
    """The one context of this plan in this process."""
    return RunContext(plan)
