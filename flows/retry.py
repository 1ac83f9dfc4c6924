"""The flow `retry`: the pages of a destination that could not be read are tried again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import prefect.runtime
from prefect import flow

from digit_core.records import SourceObject
from flows.options import LayoutOf, MaxMegapixels, Out, ReasonOf, RunnerOf, Scheduler, Workers, described
from flows.planning import FailedPages, make_retry_plan, with_options
from flows.run_loop import read_to_the_end
from flows.run_stats import Tally
from flows.settings import load_settings
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tasks.run_plan import RunPlan


@flow(name="retry", flow_run_name="retry {out}", persist_result=False)
@described
def retry(
    out: Out,
    reason: ReasonOf = "",
    workers: Workers = None,
    max_megapixels: MaxMegapixels = None,
    layout: LayoutOf = None,
    runner: RunnerOf = None,
    scheduler: Scheduler = None,
) -> Tally:
    """Read the quarantined pages of OUT once more, as their files are now. Pages that fail again stay quarantined.

    All of them may fail: there is no failure budget. Raises as `digitise` does.
    """
    options = {"workers": workers, "max_megapixels": max_megapixels, "layout": layout, "runner": runner, "scheduler": scheduler}
    settings = with_options(load_settings(), **options, max_failed=1.0)
    plan = make_retry_plan(out, settings, run_id=str(prefect.runtime.flow_run.id))
    return read_to_the_end(plan, settings, partial(_failed, reason))


def _failed(reason: str, storage: Storage, results: Results, plan: RunPlan) -> Iterable[SourceObject]:
    return FailedPages(storage, results, reason)
