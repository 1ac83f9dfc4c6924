"""Stage 2: decode each page of a batch and find its digits."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from prefect import task

from digit_core.records import PageFailure, PageRef
from tasks.jobs import DetectJob, detect_page
from tasks.retries import STAGE
from tasks.run_plan import Batch, RunPlan, run_context
from tasks.work_limits import Lost

Detected = TypeVar("Detected")


@task(name="detect", task_run_name="detect {batch.number}", **STAGE)
def detect(plan: RunPlan, batch: Batch) -> list[PageRef | PageFailure]:
    """Return the pages of the batch in order, each a reference or a failure; detections go to the run's working folder."""
    kept = kept_files(plan, batch)
    kept[0].parent.mkdir(parents=True, exist_ok=True)
    sound = [(page, path) for page, path in zip(batch.pages, kept, strict=True) if isinstance(page, PageRef)]
    jobs = [DetectJob(batch.paths[ref.uri], ref, plan.spec, path) for ref, path in sound]
    run_context(plan).on_pages(len(batch.pages) - len(sound))
    found = iter(run_context(plan).pool.run(detect_page, jobs, on_done=run_context(plan).on_pages))
    return [page if isinstance(page, PageFailure) else or_failure(next(found), page) for page in batch.pages]


def kept_files(plan: RunPlan, batch: Batch) -> list[Path]:
    """Return the file of the detections of each page, in the working folder."""
    folder = plan.spool / batch.number.partition(".")[0]
    return [folder / f"{batch.number}-{place}.arrow" for place in range(len(batch.pages))]


def or_failure(result: Detected | Lost, ref: PageRef) -> Detected | PageFailure:
    """Convert a page that was lost in the worker processes into a failure with its reason."""
    return PageFailure(ref, result.reason, result.message) if isinstance(result, Lost) else result
