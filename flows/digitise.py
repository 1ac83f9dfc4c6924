"""The flow `digitise`: every page of a source that is new or changed. What the stages do is in `tasks`."""

from __future__ import annotations

import prefect.runtime
from prefect import flow

from flows.options import (
    AuditShare,
    InkOf,
    LayoutOf,
    MaxError,
    MaxFailed,
    MaxMegapixels,
    Out,
    RunnerOf,
    Scheduler,
    ShareOf,
    Shares,
    Source,
    Threshold,
    Workers,
    WritingOf,
    described,
)
from flows.partitions import start_others
from flows.planning import Listing, make_plan, with_options
from flows.run_loop import read_to_the_end
from flows.run_stats import Tally
from flows.settings import load_settings


@flow(name="digitise", flow_run_name="digitise {source}", persist_result=False)
@described
def digitise(
    source: Source,
    out: Out,
    threshold: Threshold = None,
    max_error: MaxError = None,
    ink: InkOf = None,
    audit_share: AuditShare = None,
    workers: Workers = None,
    max_failed: MaxFailed = None,
    max_megapixels: MaxMegapixels = None,
    writing: WritingOf = None,
    layout: LayoutOf = None,
    share: ShareOf = None,
    shares: Shares = 1,
    runner: RunnerOf = None,
    scheduler: Scheduler = None,
) -> Tally:
    """Read every page of SOURCE that is new or changed since OUT was written, and add it to OUT.

    What is not given defaults to the settings DIGITS_…. Raises InputError, StorageError, RegistryError or QueueError for
    what stops a run, and BudgetExceededError when too many pages were quarantined. What was sealed by then stays, and the
    next run goes on from there.
    """
    settings = with_options(
        load_settings(),
        threshold=threshold,
        max_error=max_error,
        ink=ink,
        audit_share=audit_share,
        workers=workers,
        max_failed=max_failed,
        max_megapixels=max_megapixels,
        writing=writing,
        layout=layout,
        runner=runner,
        scheduler=scheduler,
    )
    if shares > 1 and share is None:
        share = start_others(shares)
    plan = make_plan(source, out, settings, run_id=str(prefect.runtime.flow_run.id), share=share)
    return read_to_the_end(plan, settings, Listing)
