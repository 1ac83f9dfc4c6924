"""Stages 4 and 6: write a batch's tables, and, once its review items are safe, the manifest that makes them visible."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
from prefect import task

from digit_core.manifest import Manifest, batch_key, count_rows
from digit_core.records import PageFailure, ReviewItem
from tasks.page_work import Tables
from tasks.plan import Batch, RunPlan, Sealed, desk
from tasks.policy import STORAGE_STAGE


@task(name="publish", task_run_name="publish {batch.number}", **STORAGE_STAGE)
def publish(plan: RunPlan, batch: Batch, tables: Tables) -> Manifest:
    """The batch's tables are written; its manifest is ready, but not yet."""
    pages = tuple(page.ref if isinstance(page, PageFailure) else page for page in batch.pages)
    key = batch_key(((ref.uri, ref.version, ref.index) for ref in pages), plan.read_by)
    files = desk(plan).results.write_tables(key, tables)
    return Manifest(key, plan.seq, datetime.now(UTC).isoformat(), plan.read_by, pages, count_rows(tables), files)


@task(name="seal", task_run_name="seal {manifest.key}", **STORAGE_STAGE)
def seal(plan: RunPlan, manifest: Manifest, tables: Tables, items: Iterable[ReviewItem]) -> Sealed:
    """The batch counts from here on: its rows are written and its questions are in the queue, both surely."""
    desk(plan).results.seal(manifest)
    return Sealed(dict(manifest.counts), _example(tables["pages"]), tuple(_failures(tables["pages"])), tuple(items))


def _example(pages: pa.Table) -> str:
    best = max(pages.select(["numbers", "uri"]).to_pylist(), key=lambda row: row["numbers"])
    return str(best["uri"]) if best["numbers"] else ""


def _failures(pages: pa.Table) -> Iterable[tuple[str, int, str, str]]:
    rows = pages.filter(pc.equal(pages["state"], "quarantined")).to_pylist()
    return ((row["uri"], row["page_index"] + 1, row["reason"], row["message"]) for row in rows)
