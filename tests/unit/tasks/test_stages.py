"""A page's way through the stages, without workers and without an orchestrator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

import tasks.route
from digit_core.errors import FailureReason, StorageError
from digit_core.params import ReviewPolicy
from digit_core.readings import ReadBy
from digit_core.recognition import pipeline
from digit_core.recognition.page_table import kept_page
from digit_core.records import PageFailure, PageRef
from digit_core.review.questions import questions
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NETWORKS, NetworkFiles
from tasks.classify import classify
from tasks.detect import detect, kept_files
from tasks.jobs import DetectJob, FileJob, detect_page, page_reader, probe_file
from tasks.reader_spec import ReaderSpec
from tasks.route import route
from tasks.run_plan import Batch, RunPlan
from tasks.work_limits import Lost


def shipped() -> NetworkFiles:
    return NetworkFiles(**{one.option: ModelFile("1", one.shipped.onnx, "") for one in NETWORKS})


class Here:
    """A pool without workers."""

    def run(
        self,
        function: Callable[[Any], Any],
        items: Sequence[Any],
        per_job: int = 1,
        on_done: Callable[[int], None] = lambda count: None,
        finishing: bool = False,
    ) -> list[Any]:
        return [function(item) for item in items]


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    drawn = np.full((360, 480), 235, np.uint8)
    cv2.putText(drawn, "1975", (60, 90), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 20, 4)
    cv2.imwrite(str(tmp_path / "page.png"), drawn)
    return tmp_path / "page.png"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunPlan:
    """A run that asks a person about every digit, and whose queue is a list."""
    asked: list[Any] = []
    put = lambda items, pages, source, collection: asked.append((tuple(items), tuple(pages), source))  # noqa: E731
    queue, pool = SimpleNamespace(put=put, asked=asked), Here()
    at = SimpleNamespace(pool=pool, queue=queue, on_pages=lambda count: None)
    for stage in ("detect", "classify", "route"):
        monkeypatch.setattr(f"tasks.{stage}.run_context", lambda plan: at)
    spec = ReaderSpec(shipped(), review=ReviewPolicy(threshold=1.0))
    read_by = ReadBy("7", "1", "none", "p", "r", "8", "9")
    return RunPlan("scans", "out", tmp_path / "spool", spec, read_by, seq=1, workers=1, page_seconds=60)


def batch_of(plan: RunPlan, *files: Path) -> Batch:
    pages = tuple(probe_file(FileJob(file, PageRef(str(file), "v1", ""), plan.spec.limits)) for file in files)
    return Batch("0.0", pages, {str(file): file for file in files})


def test_a_page_is_decoded_once_and_its_questions_have_their_pictures(
    plan: RunPlan, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: Counter[str] = Counter()
    decode = pipeline.decode_page
    monkeypatch.setattr(pipeline, "decode_page", lambda *given: (decoded.update(["page"]), decode(*given))[1])
    batch = batch_of(plan, scan)

    classified = classify.fn(plan, batch, detect.fn(plan, batch))
    items = route.fn(plan, batch, classified)

    assert decoded == {"page": 1}
    assert "".join(item.parts[item.place] for item in items) == "1975"
    assert all(item.crop_png and item.context_png and len(item.ink) == 784 for item in items)
    assert [row["digit_id"] for row in classified.tables["digits"].to_pylist()] == [item.item_id for item in items]


@pytest.mark.parametrize("source", ["/scans", ""])
def test_the_queue_is_told_where_scans_lie_and_by_a_retry_nothing(plan: RunPlan, scan: Path, source: str) -> None:
    """A reviewer is shown no scan that lies under none of the sources of its collection."""
    batch, at = batch_of(plan, scan), replace(plan, source=source)

    route.fn(at, batch, classify.fn(at, batch, detect.fn(at, batch)))

    assert [told for _, _, told in tasks.route.run_context(at).queue.asked] == [source]
    assert at.title == (source or "failed pages of out")


def test_every_row_names_the_version_of_each_network(plan: RunPlan, scan: Path) -> None:
    batch = batch_of(plan, scan)

    tables = classify.fn(plan, batch, detect.fn(plan, batch)).tables

    for table in tables.values():
        assert table.num_rows
        versions = table.select(["model_version", "detector_version", "strip_reader_version"]).to_pylist()
        assert {tuple(row.values()) for row in versions} == {("7", "8", "9")}


def test_what_detection_leaves_in_the_working_folder_is_gone_once_it_is_classified(plan: RunPlan, scan: Path) -> None:
    batch = batch_of(plan, scan)

    found = detect.fn(plan, batch)
    between = [path.exists() for path in kept_files(plan, batch)]
    classify.fn(plan, batch, found)

    assert between == [True]
    assert not [path for path in plan.spool.rglob("*") if path.is_file()]


def test_the_same_scan_twice_in_a_batch_is_two_pages(plan: RunPlan, scan: Path) -> None:
    copy = scan.with_name("copy.png")
    copy.write_bytes(scan.read_bytes())
    batch = batch_of(plan, scan, copy)

    tables = classify.fn(plan, batch, detect.fn(plan, batch)).tables

    assert tables["pages"]["file"].to_pylist() == [str(scan), str(copy)]
    assert tables["numbers"].num_rows == 2


def test_failed_and_lost_pages_keep_their_places_and_ask_nobody(
    plan: RunPlan, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, deadly = scan.with_name("broken.png"), scan.with_name("deadly.png")
    broken.write_bytes(b"no image")
    deadly.write_bytes(scan.read_bytes())
    batch = batch_of(plan, broken, scan, deadly)

    def detect_or_die(job: DetectJob) -> Any:
        return Lost(FailureReason.CRASHED, "killed") if job.path == deadly else detect_page(job)

    monkeypatch.setattr("tasks.detect.detect_page", detect_or_die)
    classified = classify.fn(plan, batch, detect.fn(plan, batch))

    assert classified.tables["pages"]["state"].to_pylist() == ["quarantined", "read", "quarantined"]
    assert {item.uri for item in classified.items} == {str(scan)}


def test_a_working_folder_without_room_stops_the_run_and_blames_no_page(plan: RunPlan, scan: Path, tmp_path: Path) -> None:
    ref = probe_file(FileJob(scan, PageRef(str(scan), "v1", ""), plan.spec.limits))
    assert isinstance(ref, PageRef)

    with pytest.raises(StorageError, match=r"working folder .* DIGITS_HOME"):
        detect_page(DetectJob(scan, ref, plan.spec, tmp_path / "missing folder" / "page.arrow"))


def test_a_file_that_changes_after_it_was_hashed_is_not_read(plan: RunPlan, scan: Path, tmp_path: Path) -> None:
    ref = probe_file(FileJob(scan, PageRef(str(scan), "v1", ""), plan.spec.limits))
    assert isinstance(ref, PageRef)
    scan.write_bytes(scan.read_bytes() + b"more")

    failure = detect_page(DetectJob(scan, ref, plan.spec, tmp_path / "page.arrow"))

    assert isinstance(failure, PageFailure)
    assert failure.reason is FailureReason.MISSING


def test_only_digits_that_are_asked_about_become_questions(plan: RunPlan, scan: Path, tmp_path: Path) -> None:
    ref = probe_file(FileJob(scan, PageRef(str(scan), "v1", ""), plan.spec.limits))
    assert isinstance(ref, PageRef)
    sure = ReaderSpec(shipped(), review=ReviewPolicy(threshold=0.0, audit_share=0.0))
    detect_page(DetectJob(scan, ref, sure, tmp_path / "page.arrow"))
    kept = kept_page(tmp_path / "page.arrow")

    page = page_reader(sure).classify(kept.found)

    assert page.readings
    assert questions(page, kept, "out", "7") == []
