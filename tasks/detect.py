"""Stage 2: decode each page of a batch and find its digits."""

from __future__ import annotations

from typing import TypeVar

from prefect import task

from digit_core.records import PageFailure, PageRef
from tasks.jobs import PageJob, find_on_pages
from tasks.parcels import Parcel
from tasks.retries import STAGE
from tasks.run_plan import Batch, RunPlan, run_context
from tasks.worker_pool import Lost

Detected = TypeVar("Detected")


@task(name="detect", task_run_name="detect {batch.number}", **STAGE)
def detect(plan: RunPlan, batch: Batch) -> list[Parcel | PageFailure]:
    """What was found on each page of the batch, in its order; failures of earlier stages stay in their places."""
    sound = [page for page in batch.pages if isinstance(page, PageRef)]
    jobs = [PageJob(batch.paths[ref.uri], ref, plan.limits, plan.segmentation, plan.layouts) for ref in sound]
    run_context(plan).on_pages(len(batch.pages) - len(sound))
    found = iter(run_context(plan).pool.run(find_on_pages, jobs, on_done=run_context(plan).on_pages))
    return [page if isinstance(page, PageFailure) else or_failure(next(found), page) for page in batch.pages]


def or_failure(result: Detected | Lost, ref: PageRef) -> Detected | PageFailure:
    """A page that got lost in the worker processes, as a failure with its reason."""
    return PageFailure(ref, result.reason, result.message) if isinstance(result, Lost) else result
