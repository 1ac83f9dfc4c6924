"""The flow `retry`: reads the quarantined pages of a destination again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated

import prefect.runtime
from prefect import flow
from pydantic import Field

from digit_core.records import SourceObject
from flows.options import RunOptions, as_parameters
from flows.planning import make_retry_plan, settings_of_retry
from flows.progress import RunProgress, current
from flows.run_loop import read_to_the_end
from flows.run_stats import Tally
from flows.settings import load_settings
from flows.sources import FailedPages, failed_runs
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tasks.retries import patiently
from tasks.run_plan import RunPlan


@flow(name="retry", flow_run_name="retry {out}", persist_result=False)
@as_parameters(without=("max_failed",))
def retry(
    out: Annotated[str, Field(description="Folder or URL of the results with quarantined pages.")],
    options: RunOptions,
    reason: Annotated[str, Field(description="Only pages with this reason, such as 'missing'; empty for all.")] = "",
) -> Tally:
    """Read the quarantined pages of OUT again, as their files are now. Pages that fail again stay quarantined.

    Each page is read with the options of the run that failed to read it; options given here override them. There is no failure
    budget: all pages may fail. Raises as `digitise` does.
    """
    settings = load_settings()
    tally = (current.get() or RunProgress()).tally
    results = Results(Storage(settings.storage_options, patiently), out)
    for kept, runs in failed_runs(results, reason):
        then = settings_of_retry(settings, options, kept).model_copy(update={"max_failed": 1.0})
        plan = make_retry_plan(out, then, run_id=str(prefect.runtime.flow_run.id))
        read_to_the_end(plan, then, partial(_failed, reason, runs), tally)
    return tally


def _failed(reason: str, runs: frozenset[str], storage: Storage, results: Results, plan: RunPlan) -> Iterable[SourceObject]:
    return FailedPages(storage, results, reason, runs)
