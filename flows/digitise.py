"""The flow `digitise`: reads every new or changed page of a source. The stages are in `tasks`."""

from __future__ import annotations

from typing import Annotated

import prefect.runtime
from prefect import flow
from pydantic import Field

from digit_core.partition import Share
from flows.options import RunOptions, as_parameters
from flows.partitions import start_others
from flows.planning import make_plan
from flows.run_loop import read_to_the_end
from flows.run_stats import Tally
from flows.settings import load_settings
from flows.sources import Listing


def _name_of_run() -> str:
    """Of the run that is just beginning, with the share that it reads."""
    given = prefect.runtime.flow_run.parameters
    share = given.get("share") or str(Share(1, given.get("shares") or 1))
    number, _, of = share.partition("/")
    return f"digitise {given['source']}" + (f", share {number} of {of}" if of != "1" else "")


@flow(name="digitise", flow_run_name=_name_of_run, persist_result=False)
@as_parameters()
def digitise(
    source: Annotated[str, Field(description="Folder, file or URL (s3://bucket/folder) of the scans, as the worker sees it.")],
    out: Annotated[str, Field(description="Folder or URL of the results; they are added to it.")],
    options: RunOptions,
    share: Annotated[str | None, Field(description="Read only this share of the source, such as 2/3.")] = None,
    shares: Annotated[
        int, Field(ge=1, le=256, description="Number of runs that share the source in parallel; this one starts the others.")
    ] = 1,
) -> Tally:
    """Read every page of SOURCE that is new or changed since OUT was written, and add it to OUT.

    Options that are not given default to the settings DIGITS_…. Raises InputError, StorageError, RegistryError or QueueError for
    errors that stop a run, and BudgetExceededError when too many pages were quarantined. Sealed batches stay, and the next run
    continues from there.
    """
    settings = load_settings().replaced_by(options)
    if shares > 1 and share is None:
        share = start_others(shares)
    plan = make_plan(source, out, settings, run_id=str(prefect.runtime.flow_run.id), share=share)
    return read_to_the_end(plan, settings, Listing)
