"""Stage 1: fetch listed objects, hash them, count their pages; files of many pages become several batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from prefect import task

from digit_core.errors import FailureReason
from digit_core.records import PageFailure, PageRef, SourceObject
from tasks.adapters.storage.protocol import Missing
from tasks.jobs import FileJob, probe_file
from tasks.retries import STORAGE_STAGE
from tasks.run_plan import BATCH_PAGES, Batch, Group, RunPlan, run_context
from tasks.work_limits import Lost

FILES_PER_JOB = 4


@task(name="ingest", task_run_name="ingest {group.number}", **STORAGE_STAGE)
def ingest(plan: RunPlan, group: Group) -> list[Batch]:
    """Return the pages of a group's objects, as batches whose files are on this machine."""
    small = [one for one in group.objects if one.size <= plan.spec.limits.max_megabytes * 1e6]
    fetched = run_context(plan).storage.fetch([one.uri for one in small], plan.spool / str(group.number))
    files = dict(zip((one.uri for one in small), fetched, strict=True))
    paths = {uri: file for uri, file in files.items() if isinstance(file, Path)}
    here = [one for one in group.objects if one.uri in paths]
    jobs = [FileJob(paths[one.uri], PageRef(one.uri, one.version, ""), plan.spec.limits) for one in here]
    probed = dict(zip(paths, run_context(plan).pool.run(probe_file, jobs, FILES_PER_JOB), strict=True))
    pages = [page for one in group.objects for page in _pages(one, files.get(one.uri), probed.get(one.uri))]
    starts = range(0, len(pages), BATCH_PAGES)
    return [Batch(f"{group.number}.{start // BATCH_PAGES}", tuple(pages[start : start + BATCH_PAGES]), paths) for start in starts]


def _pages(
    one: SourceObject, file: Path | Missing | None, probed: PageRef | PageFailure | Lost | None
) -> Iterator[PageRef | PageFailure]:
    """Yield each page of an object, or one failure for the whole object."""
    ref = PageRef(one.uri, one.version, "")
    if file is None:
        yield PageFailure(
            ref, FailureReason.TOO_LARGE, f"the file has {one.size / 1e6:,.0f} MB; DIGITS_MAX_MEGABYTES sets the limit"
        )
    elif isinstance(file, Missing):
        yield PageFailure(ref, file.reason, file.message)
    elif isinstance(probed, PageRef):
        yield from (replace(probed, index=index) for index in range(probed.count))
    elif isinstance(probed, PageFailure):
        yield probed
    elif isinstance(probed, Lost):
        yield PageFailure(ref, probed.reason, probed.message)
