"""The pilot of a collection: reads a sample of its pages, asks people about some of their numbers, and fits what follows.

No orchestrator is imported here: a sample is some minutes of work on this machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from digit_core.errors import InputError
from digit_core.readings import PageRead
from digit_core.recognition.page_table import kept_page
from digit_core.records import PageFailure, PageRef
from digit_core.results.schema import batch_tables, page_keys
from digit_core.review.corrections import Corrections
from digit_core.review.human_numbers import REVIEWED
from digit_core.review.pilot import SAMPLE, acceptable, drawn, only_asked
from digit_core.review.questions import questions
from flows.planning import limits, read_by
from flows.settings import Settings
from flows.sources import Listing, spread
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.pilots import Pilots, PilotSample
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tasks.jobs import DetectJob, FileJob, probe_file, sample_page
from tasks.run_plan import RunPlan
from tasks.work_limits import Lost
from tasks.worker_pool import WorkerPool

FEWEST_PAGES = 24
"""Pages of a sample; so many numbers of one page say less than as many of several."""

NUMBERS_A_PAGE = 4
"""Greatest number of asked numbers for each page of a sample larger than that."""

Paged = TypeVar("Paged")


@dataclass(frozen=True, slots=True)
class _Sampled:
    """A page of the sample that was read, and the file with its detections."""

    page: PageRead
    kept: Path


def take_sample(plan: RunPlan, settings: Settings, queue: ReviewQueue, count: int) -> PilotSample:
    """Read a sample of the source, put about `count` of its numbers into the queue, and keep it beside the results; return it.

    Raises InputError where the source has no page with numbers, and the errors of storage and queue.
    """
    storage = Storage(settings.storage_options)
    spec = replace(plan.spec, review=replace(plan.spec.review, threshold=0.0, audit_share=0.0, temperature=1.0))
    plan = replace(plan, spec=spec, read_by=read_by(spec, plan.read_by.run_id))
    objects = Listing(storage, Results(storage, plan.out), plan)
    most = max(FEWEST_PAGES, count // NUMBERS_A_PAGE)
    files, _, some = spread(objects, most)
    with tempfile.TemporaryDirectory(prefix="digits-pilot-") as folder:
        pool = WorkerPool(settings.worker_count, settings.page_seconds, settings.page_megabytes)
        try:
            local = storage.fetch([one.uri for one in some], Path(folder))
            jobs = [
                FileJob(path, PageRef(one.uri, one.version, ""), limits(settings))
                for one, path in zip(some, local, strict=True)
                if isinstance(path, Path)
            ]
            probed = [
                (job.path, ref) for job, ref in zip(jobs, pool.run(probe_file, jobs), strict=True) if isinstance(ref, PageRef)
            ]
            pages = [(path, replace(ref, index=index)) for path, ref in probed for index in range(ref.count)]
            in_source = round(files * len(pages) / max(1, len(probed)))
            read = list(_read(plan, pool, _evenly(pages, most), Path(folder)))
        finally:
            pool.close()
        return _asked(plan, storage, queue, read, in_source, count)


def _evenly(pages: Sequence[Paged], most: int) -> list[Paged]:
    """Return at most so many of them, evenly spaced."""
    at = np.unique(np.linspace(0, len(pages) - 1, min(most, len(pages))).round().astype(int))
    return [pages[i] for i in at]


def _read(plan: RunPlan, pool: WorkerPool, pages: Sequence[tuple[Path, PageRef]], folder: Path) -> Iterator[_Sampled]:
    """Yield the pages that can be read; a run tells of the others."""
    jobs = [DetectJob(path, ref, plan.spec, folder / f"{i}.arrow") for i, (path, ref) in enumerate(pages)]
    outcomes: list[PageRead | PageFailure | Lost] = pool.run(sample_page, jobs)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, PageRead):
            yield _Sampled(outcome, job.kept)


def _asked(
    plan: RunPlan, storage: Storage, queue: ReviewQueue, read: Sequence[_Sampled], in_source: int, count: int
) -> PilotSample:
    """Draw the numbers, put them into the queue, and write the sample: in this order, so that a killed pilot begins anew."""
    places = [(at, index) for at, one in enumerate(read) for index, number in enumerate(one.page.readings) if number.digits]
    if not places:
        raise InputError(f"no number was found on {len(read):,} pages of {plan.source}: give a source with numbers")
    numbers = [read[at].page.readings[index] for at, index in places]
    chosen = drawn(np.array([one.confidence for one in numbers]), np.array([acceptable(one) for one in numbers]), count)
    wanted = {places[i] for i in chosen}
    items = [
        item
        for at, one in enumerate(read)
        for item in questions(
            only_asked(one.page, [index for page, index in wanted if page == at]),
            kept_page(one.kept),
            plan.out,
            plan.read_by.model_version,
        )
    ]
    queue.put(items, source=plan.source, collection=plan.out)
    rows = batch_tables([one.page for one in read], plan.read_by)["numbers"]
    found = [(at, index) for at, one in enumerate(read) for index in range(len(one.page.readings))]
    table = rows.append_column("asked", pa.array([place in wanted for place in found], pa.bool_()))
    table = table.filter(pa.array([read[at].page.readings[index].digits != "" for at, index in found], pa.bool_()))
    sample = PilotSample(table.cast(SAMPLE), len(read), in_source, count, plan.read_by)
    Pilots(storage, plan.out).add_sample(sample)
    return sample


def corrected_sample(sample: PilotSample, queue: ReviewQueue, collection: str) -> pa.Table:
    """Return the numbers of the sample as people have decided them by now, as CORRECTED."""
    pages = sorted(set(page_keys(sample.numbers)))
    said: list[dict[str, Any]] = [row for page in pages for row in queue.reviewed(collection, page)]
    numbers = sample.numbers.drop_columns(["asked"])
    table = Corrections(pa.Table.from_pylist(said, REVIEWED)).of_pages(numbers, pages)
    known = set(numbers["number_id"].to_pylist())  # the others are those that only people see
    return table.filter(pa.array([number in known for number in table["number_id"].to_pylist()], pa.bool_()))
