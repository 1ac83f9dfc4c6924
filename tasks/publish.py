"""Stages 4 and 6: write a batch's tables, and, once its review items are stored, the manifest that makes them visible."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from prefect import task

from digit_core.readings import ReviewItem
from digit_core.records import PageFailure, PageRef
from digit_core.results.drift import shape_of
from digit_core.results.manifest import Manifest, batch_key, count_rows
from tasks.jobs import Classified
from tasks.retries import STORAGE_STAGE
from tasks.run_plan import Batch, RunPlan, Sealed, run_context


@task(name="publish", task_run_name="publish {batch.number}", **STORAGE_STAGE)
def publish(plan: RunPlan, batch: Batch, classified: Classified) -> Manifest:
    """Write the batch's tables; return its manifest, which is not written yet."""
    pages = tuple(page.ref if isinstance(page, PageFailure) else page for page in batch.pages)
    key = batch_key(((ref.uri, ref.version, ref.index) for ref in pages), plan.read_by)
    tables = classified.tables
    files = run_context(plan).results.write_tables(key, tables)
    now, counts, shape = datetime.now(UTC).isoformat(), count_rows(tables), shape_of(tables["digits"])
    return Manifest(key, plan.seq, now, plan.read_by, pages, counts, files, shape, json.loads(plan.options), plan.began)


@task(name="seal", task_run_name="seal {manifest.key}", **STORAGE_STAGE)
def seal(plan: RunPlan, manifest: Manifest, classified: Classified, items: Iterable[ReviewItem]) -> Sealed:
    """Write the manifest, which makes the batch visible. Its rows and review items must be stored before."""
    results, tables = run_context(plan).results, classified.tables
    if not results.tables_stand(manifest):  # a run whose clock is a day ahead may have removed the tables as abandoned
        results.write_tables(manifest.key, tables)
    results.seal(manifest)
    if not results.tables_stand(manifest):  # the same, between the check and the writing of the manifest
        results.write_tables(manifest.key, tables)
    failures = tuple(_failures(tables["pages"]))
    return Sealed(dict(manifest.counts), _example(tables["pages"]), failures, tuple(items), manifest.shape)


def _example(pages: pa.Table) -> str:
    best = max(pages.select(["number_count", "file"]).to_pylist(), key=lambda row: row["number_count"])
    return str(best["file"]) if best["number_count"] else ""


def _failures(pages: pa.Table) -> Iterable[tuple[str, int, str, str, str]]:
    rows = pages.filter(pc.equal(pages["state"], "quarantined")).to_pylist()
    return ((row["file"], row["page"], row["reason"], row["message"], _page_id(row)) for row in rows)


def _page_id(row: Mapping[str, Any]) -> str:
    return PageRef(row["file"], "", row["sha256"], row["page"] - 1).page_id
