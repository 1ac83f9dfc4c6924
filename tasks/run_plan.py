"""The plan of a run, and the objects that its stages share.

`RunPlan` is plain values, so it can be sent to any process; `RunContext` holds what cannot be sent (pool, connections) and is
created once in each process that runs stages.
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
from digit_core.review.pilot import PilotSettings
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tasks.reader_spec import ReaderSpec
from tasks.work_limits import MEGABYTES
from tasks.worker_pool import WorkerPool

GROUP_OBJECTS = 32
"""Number of listed objects that are fetched and probed together."""

BATCH_PAGES = 64
"""Greatest number of pages of one batch: one Parquet file of each table, one manifest."""


def params_digest(*params: Params) -> str:
    """Compute one digest of several parameter sets."""
    return hashlib.sha256(" ".join(one.digest() for one in params).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class RunPlan:
    """The plan of a run: all values that decide what it does; `seq` orders runs over the same destination.

    `source`: place of the scans, "" for a run that retries the quarantined pages of `out`, wherever they are.
    """

    source: str
    out: str
    spool: Path
    spec: ReaderSpec
    read_by: ReadBy
    seq: int
    workers: int
    page_seconds: float
    storage_options: str = field(default="{}", repr=False)  # JSON, so that the plan is hashable
    review_url: str = field(default="", repr=False)
    share: Share = field(default_factory=Share)  # the part of the source that this run reads
    home: str = ""  # name of the machine that a run on several machines was started on
    note: str = ""  # note about the model for the user, such as that the registry could not be reached
    page_megabytes: float = MEGABYTES
    promise: DialSetting | None = None  # the error that the threshold was chosen for, if any
    pilot: PilotSettings | None = None  # the pilot that the threshold is from, if any
    options: str = "{}"  # options that decide what is read, as JSON; kept with each batch for `digits retry`
    began: str = ""  # moment at which the run began to read, ISO 8601 in UTC

    @property
    def title(self) -> str:
        """Name what is read, for display."""
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
    """A finished batch: its counts, its failures as (uri, page from 1, reason, message, page id), its review items and the
    distribution of its digits.

    `example` is the uri of the page with most numbers, '' if none has any.
    """

    counts: dict[str, int]
    example: str
    failures: tuple[tuple[str, int, str, str, str], ...]
    items: tuple[ReviewItem, ...]
    shape: Distribution = field(default_factory=Distribution)


class RunContext:
    """The objects that a run's stages share in this process. Raises QueueError if the review queue cannot be opened."""

    def __init__(self, plan: RunPlan) -> None:
        from tasks.adapters.review.queue import ReviewQueue  # SQLAlchemy: 0.3 s that only a run needs

        options: dict[str, Any] = json.loads(plan.storage_options)
        self.storage = Storage(options)
        self.results = Results(self.storage, plan.out)
        self.queue = ReviewQueue(plan.review_url)
        self.pool = WorkerPool(plan.workers, plan.page_seconds, plan.page_megabytes)
        self.on_pages: Callable[[int], None] = lambda count: None  # called with the number of pages processed

    def close(self) -> None:
        """Close the worker processes and the connections."""
        self.pool.close()
        self.queue.close()


@lru_cache(maxsize=2)
def run_context(plan: RunPlan) -> RunContext:
    """Return the context of this plan in this process; it is created once."""
    return RunContext(plan)
