"""Which runs could not read the pages that are quarantined, and with what options they had tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digit_core.errors import FailureReason
from digit_core.readings import ReadBy
from digit_core.records import PageFailure, PageRef
from digit_core.results.manifest import Manifest, batch_key, count_rows
from digit_core.results.schema import batch_tables
from flows.options import RunOptions
from flows.sources import FailedPages, failed_runs
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(Storage(), str(tmp_path / "out"))


def fail(
    results: Results, scan: Path, run: str, seq: int, reason: FailureReason = FailureReason.TRUNCATED, **options: Any
) -> None:
    """A run with these options could not read this scan."""
    scan.write_bytes(b"x")
    read_by = ReadBy("1", "1", "none", "p", run)
    page = PageRef(str(scan), "v1", "")
    tables = batch_tables([PageFailure(page, reason, "it could not be read")], read_by)
    key = batch_key([(page.uri, run, 0)], read_by)
    files = results.write_tables(key, tables)
    when = "2026-01-01T00:00:00+00:00"
    results.seal(Manifest(key, seq, when, read_by, (page,), count_rows(tables), files, options=options))


def test_each_run_is_found_with_its_options(results: Results, tmp_path: Path) -> None:
    fail(results, tmp_path / "a.png", "first", 1, threshold=0.99)
    fail(results, tmp_path / "b.png", "second", 2, layout="/forms")
    fail(results, tmp_path / "c.png", "third", 3, threshold=0.99)

    found = {frozenset(runs): options for options, runs in failed_runs(results)}

    assert found == {
        frozenset({"first", "third"}): RunOptions(threshold=0.99),
        frozenset({"second"}): RunOptions(layout="/forms"),
    }


def test_of_one_reason_only_the_runs_that_met_it_are_found(results: Results, tmp_path: Path) -> None:
    fail(results, tmp_path / "a.png", "first", 1)
    fail(results, tmp_path / "b.png", "second", 2, FailureReason.ENCRYPTED)

    ((_, runs),) = failed_runs(results, "encrypted")

    assert runs == {"second"}


def test_a_manifest_of_an_older_version_keeps_no_options_and_options_of_a_newer_one_are_passed_over(
    results: Results, tmp_path: Path
) -> None:
    fail(results, tmp_path / "a.png", "old", 1)
    fail(results, tmp_path / "b.png", "new", 2, threshold=0.9, of_tomorrow=True)

    found = {frozenset(runs): options for options, runs in failed_runs(results)}

    assert found == {frozenset({"old"}): RunOptions(), frozenset({"new"}): RunOptions(threshold=0.9)}


def test_only_the_pages_of_these_runs_are_tried(results: Results, tmp_path: Path) -> None:
    fail(results, tmp_path / "a.png", "first", 1)
    fail(results, tmp_path / "b.png", "second", 2)

    tried = FailedPages(Storage(), results, runs={"second"})

    assert [one.uri for one in tried] == [str(tmp_path / "b.png")]


def test_without_quarantined_pages_there_is_no_run(results: Results) -> None:
    assert failed_runs(results) == []
