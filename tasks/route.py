"""Stage 5: put the digits that need review into the review queue."""

from __future__ import annotations

import pyarrow.compute as pc
from prefect import task

from digit_core.readings import ReviewItem
from digit_core.results.schema import page_keys
from tasks.jobs import Classified
from tasks.retries import STAGE
from tasks.run_plan import Batch, RunPlan, run_context


@task(name="route", task_run_name="route {batch.number}", **STAGE)
def route(plan: RunPlan, batch: Batch, classified: Classified) -> tuple[ReviewItem, ...]:
    """Put the batch's review items into the queue and withdraw those no longer needed; return the items."""
    pages = classified.tables["pages"]
    read = pages.filter(pc.equal(pages["state"], "read"))
    keys = list(page_keys(read))
    run_context(plan).queue.put(classified.items, keys, plan.source, plan.out)
    return classified.items
