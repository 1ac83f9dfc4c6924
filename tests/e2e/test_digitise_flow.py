"""The flow from scans to tables and review items, with a tiny model and tiny pages."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digit_core.errors import BudgetExceededError, FailureReason, QueueError, StorageError, StorageUnavailableError
from digit_core.records import Grey
from tasks.adapters.results.dataset import Results
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tests.support import pool_jobs

pytestmark = pytest.mark.usefixtures("prefect_api")

Run = Callable[..., Any]


def page(seed: int) -> Grey:
    """A small page with three numbers."""
    drawn = np.full((360, 480), 235, np.uint8)
    for line in range(3):
        text = str(1234567 * (seed + 3 * line + 1) % 100_000)
        cv2.putText(drawn, text, (60 + 10 * line, 90 + 100 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 20, 4)
    return drawn


def write_pages(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        cv2.imwrite(str(folder / f"page-{number:03d}.png"), page(number))
    return folder


@pytest.fixture
def place(tmp_path: Path, served_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a review queue of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(served_home))
    monkeypatch.setenv("DIGITS_REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/review.db")
    return tmp_path


@pytest.fixture
def run(place: Path) -> Run:
    def run(**options: Any) -> Any:
        from flows.digitise import digitise

        return digitise(source=str(place / "scans"), out=str(place / "out"), workers=2, **options)

    return run


def results(place: Path) -> Results:
    return Results(Storage(), str(place / "out"))


def names(place: Path, state: str) -> list[str]:
    rows = results(place).read("pages", ["file", "state"]).to_pylist()
    return sorted(Path(row["file"]).name for row in rows if row["state"] == state)


def test_every_page_gets_a_row_whether_it_can_be_read_or_not(place: Path, run: Run) -> None:
    scans = write_pages(place / "scans" / "a box", 3)
    (scans / "empty.jpg").write_bytes(b"")
    (scans / "cut.png").write_bytes((scans / "page-000.png").read_bytes()[:600])
    (scans / "notes.png").write_text("no page")
    cv2.imwrite(str(scans / "ü '\" [b].png"), page(7))
    cv2.imwrite(str(scans / "blank.png"), np.full((300, 300), 240, np.uint8))

    tally = run(max_failed=1.0)

    rows = {Path(row["file"]).name: row for row in results(place).read("pages").to_pylist()}
    assert names(place, "read") == ["blank.png", "page-000.png", "page-001.png", "page-002.png", "ü '\" [b].png"]
    assert {name: rows[name]["reason"] for name in ("empty.jpg", "cut.png", "notes.png", "blank.png")} == {
        "empty.jpg": FailureReason.EMPTY,
        "cut.png": FailureReason.TRUNCATED,
        "notes.png": FailureReason.NOT_AN_IMAGE,
        "blank.png": "no digits found",
    }
    assert (tally.pages, tally.quarantined, tally.numbers) == (8, 3, results(place).read("numbers").num_rows)


def test_exactly_the_digits_with_a_reason_are_in_the_review_queue_with_their_pictures(place: Path, run: Run) -> None:
    write_pages(place / "scans", 2)

    run(threshold=0.3, audit_share=0.2)

    flagged = {row["digit_id"] for row in results(place).read("digits").to_pylist() if row["reason"]}
    items = ReviewQueue(f"sqlite:///{place}/review.db").page(str(place / "out"), limit=1000)
    assert flagged
    assert {item.item_id for item in items} == flagged
    for item in items:
        crop = cv2.imdecode(np.frombuffer(item.crop_png, np.uint8), cv2.IMREAD_UNCHANGED)
        strip = cv2.imdecode(np.frombuffer(item.context_png, np.uint8), cv2.IMREAD_UNCHANGED)
        assert crop.min() < 60
        assert crop.shape[0] > item.box.h
        assert strip.shape[1] > crop.shape[1]


def test_a_second_run_reads_only_what_is_new_or_changed(place: Path, run: Run) -> None:
    scans = write_pages(place / "scans", 3)
    run()
    cv2.imwrite(str(scans / "page-001.png"), page(50))
    cv2.imwrite(str(scans / "page-900.png"), page(51))

    tally = run()

    assert tally.pages == 2
    assert names(place, "read") == ["page-000.png", "page-001.png", "page-002.png", "page-900.png"]


def test_a_run_with_nothing_to_do_ends_before_an_orchestrator_is_imported(place: Path, run: Run) -> None:
    write_pages(place / "scans", 1)
    run()
    code = "import sys; from deployments.cli import app; app(sys.argv[1:], standalone_mode=False); print(*sys.modules)"

    words = ["digitise", "scans", "--out", "out"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)

    assert "nothing new: 1 file is in" in done.stdout
    assert {"prefect", "mlflow", "tensorflow", "sqlalchemy", "cv2"}.isdisjoint(done.stdout.splitlines()[-1].split())


def test_a_file_of_many_pages_becomes_several_batches_that_hold_each_page_once(place: Path, run: Run) -> None:
    (place / "scans").mkdir()
    cv2.imwritemulti(str(place / "scans" / "volume.tif"), [page(number)[:130, :300] for number in range(70)])

    run()

    pages = results(place).read("pages").to_pylist()
    assert sorted(row["page"] for row in pages) == list(range(1, 71))
    assert {row["page_count"] for row in pages} == {70}
    assert len(list(results(place).manifests())) == 2


def test_a_run_that_ends_within_its_first_batch_keeps_the_pages_before(
    place: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = write_pages(place / "scans", 12)
    (scans / "page-009.png").rename(scans / "page-009 fatal.png")
    monkeypatch.setattr("tasks.detect.detect_page", pool_jobs.detect_until_fatal)

    with pytest.raises(StorageError, match="the end"):
        run()

    assert names(place, "read")[:8] == [f"page-{number:03d}.png" for number in range(8)]


def test_a_page_that_crashes_its_reader_is_quarantined_and_the_others_are_read(
    place: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = write_pages(place / "scans", 4)
    (scans / "page-002.png").rename(scans / "deadly.png")
    monkeypatch.setattr("tasks.detect.detect_page", pool_jobs.detect_unless_deadly)

    run(max_failed=1.0)

    rows = results(place).read("pages").to_pylist()
    assert names(place, "read") == ["page-000.png", "page-001.png", "page-003.png"]
    assert [row["reason"] for row in rows if row["state"] == "quarantined"] == [FailureReason.CRASHED]


def test_storage_that_comes_back_costs_only_time(place: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pages(place / "scans", 2)
    tries = failing_first(2, Results.write_tables, StorageUnavailableError("away"))
    monkeypatch.setattr(Results, "write_tables", tries)

    tally = run()

    assert tally.pages == 2
    assert names(place, "read") == ["page-000.png", "page-001.png"]


def test_storage_that_refuses_is_not_tried_again(place: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pages(place / "scans", 2)
    monkeypatch.setattr(Results, "write_tables", failing_first(1, Results.write_tables, StorageError("no space left")))

    with pytest.raises(StorageError, match="no space left"):
        run()

    assert not list(results(place).manifests())


def test_pages_whose_questions_could_not_be_asked_are_not_published_and_the_next_run_does_them_again(
    place: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages(place / "scans", 3)
    monkeypatch.setattr(ReviewQueue, "put", failing_first(1, ReviewQueue.put, QueueError("the database is down")))

    with pytest.raises(QueueError, match="the database is down"):
        run()
    before = results(place).read("pages").num_rows
    run()

    assert before == 0
    assert names(place, "read") == ["page-000.png", "page-001.png", "page-002.png"]


def test_a_source_of_rubbish_is_given_up_early_and_what_was_read_is_kept(place: Path, run: Run) -> None:
    scans = write_pages(place / "scans", 30)
    for number in range(200):
        (scans / f"rubbish-{number}.png").write_text("no image")

    with pytest.raises(BudgetExceededError, match=r"pages were quarantined.*not an image"):
        run()

    pages = results(place).read("pages").to_pylist()
    assert len(names(place, "read")) == 30
    assert len(pages) < 230


def test_a_run_leaves_its_report_with_prefect_and_no_working_files(place: Path, run: Run, served_home: Path) -> None:
    scans = write_pages(place / "scans", 2)
    (scans / "empty.png").write_bytes(b"")

    run(threshold=1.0, max_failed=1.0)

    artifacts = artifacts_of_last_run()
    assert artifacts.keys() == {"digits-summary", "digits-quarantined", "digits-least-sure"}
    assert "| pages read | 2 |" in artifacts["digits-summary"]
    assert "empty.png" in artifacts["digits-quarantined"]
    assert "](data:image/png;base64," in artifacts["digits-least-sure"]
    assert not list((served_home / "spool").iterdir())


@pytest.mark.parametrize(("share", "name"), [(None, "digitise {source}"), ("2/3", "digitise {source}, share 2 of 3")])
def test_a_run_is_called_by_its_source_and_its_share(place: Path, run: Run, share: str | None, name: str) -> None:
    write_pages(place / "scans", 1)

    run(share=share)

    assert name_of_last_run() == name.format(source=place / "scans")


def test_a_retry_reads_with_the_options_of_the_run_that_failed(place: Path, run: Run) -> None:
    from flows.retry import retry

    scans = write_pages(place / "scans", 2)
    whole = (scans / "page-001.png").read_bytes()
    (scans / "page-001.png").write_bytes(whole[: len(whole) // 2])
    run(threshold=1.0, max_failed=1.0)
    (scans / "page-001.png").write_bytes(whole)

    tally = retry(out=str(place / "out"), workers=2)

    digits = results(place).read("digits").to_pylist()
    assert (tally.pages, tally.quarantined) == (1, 0)
    assert {Path(row["file"]).name for row in digits} == {"page-000.png", "page-001.png"}
    assert {row["state"] for row in digits} == {"review"}
    assert len({row["params"] for row in digits}) == 1


def failing_first(times: int, function: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """The function, but its first calls raise `error`."""
    left = [error] * times

    def call(*arguments: Any, **more: Any) -> Any:
        if left:
            raise left.pop()
        return function(*arguments, **more)

    return call


def name_of_last_run() -> str:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        (last,) = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
    return last.name


def artifacts_of_last_run() -> dict[str, str]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.sorting import FlowRunSort

    async def ask() -> dict[str, str]:
        async with get_client() as client:
            (last,) = await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
            artifacts = await client.read_artifacts()
            return {str(one.key): str(one.data) for one in artifacts if one.flow_run_id == last.id}

    with ThreadPoolExecutor(1) as apart:  # the browser of other tests leaves a running loop in this thread
        return apart.submit(copy_context().run, asyncio.run, ask()).result()


def test_the_queue_is_a_plain_database_that_others_can_read(place: Path, run: Run) -> None:
    write_pages(place / "scans", 1)

    run(threshold=1.0)

    with sqlite3.connect(place / "review.db") as database:
        (count,) = database.execute("select count(*) from review_items").fetchone()
    assert count == results(place).read("digits").num_rows
