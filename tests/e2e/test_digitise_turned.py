"""A run over a page scanned upright, sideways and upside down: the same numbers, each where it lies on its scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.imaging.rotation import upright_box
from digit_core.readings import ReviewItem
from digit_core.records import Box
from digit_core.synthesis.ledger.page import PageStyle, write_page
from tasks.adapters.results.dataset import Results
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage

pytestmark = pytest.mark.usefixtures("prefect_api")

NAMES = ("upright", "quarter", "half", "three quarters")


@pytest.fixture
def place(tmp_path: Path, served_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the same page four times."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(served_home))
    monkeypatch.setenv("DIGITS_REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/review.db")
    (tmp_path / "scans").mkdir()
    page = write_page(4, 0, PageStyle(rows=9, columns=4, dpi=200, min_digits=2)).pixels
    for quarters, name in enumerate(NAMES):
        cv2.imwrite(str(tmp_path / "scans" / f"{name}.png"), np.rot90(page, -quarters))
    return tmp_path


def rows(place: Path, table: str, name: str) -> list[dict[str, Any]]:
    every = Results(Storage(), str(place / "out")).read(table).to_pylist()
    return [row for row in every if Path(row["file"]).stem == name]


def seen_by_people(place: Path, name: str) -> list[tuple[bytes, bytes, bytes]]:
    """What each digit for review looks like: its crop, its strip, and what the model saw of it."""
    queue = ReviewQueue(f"sqlite:///{place}/review.db")
    ids = [item.item_id for item in queue.page(str(place / "out"), limit=1000) if Path(item.uri).stem == name]
    return sorted(pictures(item) for item in map(queue.get, ids) if item is not None)


def pictures(item: ReviewItem) -> tuple[bytes, bytes, bytes]:
    return item.crop_png, item.context_png, item.ink


def command(*words: object) -> str:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False).output


def test_a_page_gives_the_same_numbers_however_it_lies_and_people_see_them_upright(place: Path) -> None:
    from flows.digitise import digitise

    digitise(source=str(place / "scans"), out=str(place / "out"), workers=1, threshold=0.999, audit_share=0.0)

    expected, pictures_upright = rows(place, "numbers", "upright"), seen_by_people(place, "upright")
    assert len(expected) > 15
    assert pictures_upright
    for quarters, name in enumerate(NAMES):
        (page,) = rows(place, "pages", name)
        assert page["skew"] == pytest.approx(rows(place, "pages", "upright")[0]["skew"] + 90 * quarters, abs=1e-3)
        found = rows(place, "numbers", name)
        for same in ("digits", "text", "state", "line", "position", "zone", "row", "column"):
            assert [row[same] for row in found] == [row[same] for row in expected]
        boxes = [Box(row["x"], row["y"], row["w"], row["h"]) for row in found]
        stood = [upright_box(box, quarters, page["width"], page["height"]) for box in boxes]
        assert stood == [Box(row["x"], row["y"], row["w"], row["h"]) for row in expected]
        assert seen_by_people(place, name) == pictures_upright

    said = command("show", "quarter.png", "--results", place / "out", "-o", place / "look.png")
    assert "rotated by 90 degrees" in said
    command("show", "upright.png", "--results", place / "out", "-o", place / "same.png")
    np.testing.assert_array_equal(cv2.imread(str(place / "look.png")), cv2.imread(str(place / "same.png")))


def test_reading_a_page_at_once_says_that_it_lies_turned(place: Path) -> None:
    said = command("read", place / "scans" / "half.png", "--format", "csv")

    assert "half.png: rotated by 180 degrees" in said
    assert "rotated by" not in command("read", place / "scans" / "upright.png", "--format", "csv")
