"""Real pages from the scan to corrected numbers, by the keys of a reviewer in a real browser, which are counted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.adapters.results.dataset import Results
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tests.support.review.typist import Screen, cells_of
from tests.support.servers.prefect import PrefectServer

PAGES = Path(__file__).parents[3] / "shared" / "data" / "pages"
LAYOUTS = Path(__file__).parents[1] / "layouts"
SCANS = ("nist_hsf_w4164.png", "rainfall_lyden-croft_1900-1909.jpg", "register_badworthy_1947.jpg")

MOST_KEYS = 1.3
"""A number; measured in November 2026: 1.24 for 124 numbers."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Archive:
    results: Path
    settings: dict[str, str]

    def digits(self, *arguments: str) -> None:
        command = [str(Path(sys.executable).parent / "digits"), *arguments]
        done = subprocess.run(command, env={**os.environ, **self.settings}, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, prefect_server: PrefectServer) -> Archive:
    """Three forms with their layouts, digitised."""
    if not PAGES.is_dir():
        pytest.skip("needs real scans: ../shared/data/pages is not there")
    folder = tmp_path_factory.mktemp("archive")
    (folder / "scans").mkdir()
    for name in SCANS:
        shutil.copy(PAGES / name, folder / "scans")
    settings = {
        "DIGITS_HOME": str(folder / "home"),
        "DIGITS_REVIEW_DATABASE_URL": f"sqlite:///{folder}/review.db",
        **prefect_server.environment,
    }
    made = Archive(folder / "out", settings)
    made.digits("digitise", str(folder / "scans"), "--out", str(made.results), "--layout", str(LAYOUTS))
    return made


def test_the_table_of_a_page_has_its_accepted_cells_and_the_totals_of_its_layout(
    archive: Archive, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    with ReviewQueue(archive.settings["DIGITS_REVIEW_DATABASE_URL"]) as queue:
        (collection,) = queue.collections()
        register = next(page for page in queue.progress.pages(collection) if page.uri.endswith(SCANS[2]))
    page = visit(serve([], **archive.settings, DIGITS_LAYOUTS=str(LAYOUTS)))

    page.goto(f"/table?page={register.page_id}")
    page.wait_for_selector("#work:not([hidden])")

    grid = page.get_by_role("table", name="rain")
    assert grid.locator("th[scope=row]").all_inner_texts()[:3] == ["1", "2", "3"]
    assert grid.locator("td.accepted").count() > 50
    assert grid.locator("input").count() > 50
    assert grid.locator(".off").count() >= 1
    page.goto("/statistics")  # gives back what was lent
    page.wait_for_load_state("networkidle")


def test_a_number_takes_little_more_than_a_key_and_is_right_in_the_results(
    archive: Archive, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    truth = {Path(name).stem: cells_of(PAGES / "truth" / f"{Path(name).stem}.csv") for name in SCANS}
    screen = Screen(visit(serve([], **archive.settings)))

    decided = 0
    while (number := screen.number()) is not None:
        screen.press(number, _true(number, truth))
        decided += len(number["items"])

    with ReviewQueue(archive.settings["DIGITS_REVIEW_DATABASE_URL"]) as queue:
        (pace,) = queue.statistics.pace()
        assert queue.counts() == {"decided": decided}
    print(f"{pace.items} numbers, {pace.keys:.2f} keys each")
    assert pace.keys <= MOST_KEYS
    archive.digits("feedback", str(archive.results))
    rows = list(_corrected(archive.results))
    assert len(rows) == pace.items
    assert [(row["row"], row["column"]) for row in rows if row["digits"] != (_true(row, truth) or "")] == []


def _true(number: dict[str, Any], truth: dict[str, dict[tuple[str, str], str]]) -> str | None:
    """Its true digits; None where no number stands."""
    zone, row, column = number.get("cell_names") or number.get("cell") or ("", "", "")
    cells = truth[Path(str(number.get("file") or number["uri"])).stem]
    return cells.get((row, column)) if row else cells.get((zone, "digits"))


def _corrected(results: Path) -> Iterator[dict[str, Any]]:
    found, people = Results(Storage(), str(results)), Reviewed(Storage(), str(results)).corrections()
    for table in people.over(found.iter_batches("numbers"), found.pages()):
        for row in table.to_pylist():
            if row["reviewer"]:
                yield {**row, "cell_names": (row["zone"], row["row"], row["column"])}
