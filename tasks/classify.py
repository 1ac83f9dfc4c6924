"""Stage 3: classify the digits of a batch, decide which go to review, and build rows and review items."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from prefect import task

from digit_core.recognition.page_table import forget_page
from digit_core.records import PageFailure, PageRef
from digit_core.results.schema import TABLES, batch_tables
from tasks.detect import kept_files, or_failure
from tasks.jobs import Classified, ClassifyJob, classify_page
from tasks.retries import STAGE
from tasks.run_plan import Batch, RunPlan, run_context

PAGES_PER_JOB = 4


@task(name="classify", task_run_name="classify {batch.number}", **STAGE)
def classify(plan: RunPlan, batch: Batch, pages: Sequence[PageRef | PageFailure]) -> Classified:
    """Return the rows and review items of the batch's pages, in their order; `pages` is the output of `detect`."""
    kept = kept_files(plan, batch)
    jobs = [ClassifyJob(page, path, plan.spec, plan.read_by, plan.out) for page, path in zip(pages, kept, strict=True)]
    results = [
        or_failure(result, page if isinstance(page, PageRef) else page.ref)
        for result, page in zip(
            run_context(plan).pool.run(classify_page, jobs, PAGES_PER_JOB, finishing=True), pages, strict=True
        )
    ]
    for path in kept:
        forget_page(path)
    done = [Classified(batch_tables([one], plan.read_by)) if isinstance(one, PageFailure) else one for one in results]
    tables = {name: pa.concat_tables([one.tables[name] for one in done]) for name in TABLES}
    return Classified(tables, tuple(item for one in done for item in one.items))
