"""Stage 3: name the digits of a batch, decide which a person shall see, and lay out the rows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from prefect import task

from digit_core.records import PageFailure
from digit_core.results.schema import TABLES, batch_tables
from tasks.detect import or_failure
from tasks.jobs import ReadJob, Tables, read_pages
from tasks.parcels import Parcel
from tasks.retries import STAGE
from tasks.run_plan import RunPlan, run_context

PAGES_PER_JOB = 4


@task(name="classify", task_run_name="classify {number}", **STAGE)
def classify(plan: RunPlan, number: str, pages: Sequence[Parcel | PageFailure]) -> Tables:
    """The rows of the batch's pages, in their order."""
    jobs = [ReadJob(page, plan.model, plan.read_by, plan.review, plan.layouts) for page in pages]
    results = [
        or_failure(result, page.ref)
        for result, page in zip(run_context(plan).pool.run(read_pages, jobs, PAGES_PER_JOB), pages, strict=True)
    ]
    rows = [batch_tables([result], plan.read_by) if isinstance(result, PageFailure) else result for result in results]
    return {name: pa.concat_tables([one[name] for one in rows]) for name in TABLES}
