"""`digits digitise --layout`: cells by name in the tables, and pages of another form in nobody's cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.layouts.template import Area, Holds
from digit_core.layouts.template_file import layout_text
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tests.support.drawn.forms import OTHER, DrawnForm, turned, write_in

pytestmark = pytest.mark.usefixtures("prefect_api")

FORM = DrawnForm("rain", height=1000, rows=(300, 420, 540, 660, 780, 900))
FIRST = {("1", "1"): "358", ("2", "3"): "2047", ("5", "5"): "61"}
SECOND = {("1", "2"): "799", ("4", "4"): "25"}


@pytest.fixture
def place(tmp_path: Path, served_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two pages of a form, one of another kind, and the form's layout."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(served_home))
    monkeypatch.setenv("DIGITS_REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/review.db")
    (tmp_path / "scans").mkdir()
    other = OTHER.blank()
    write_in(other, Area(180, 340, 440, 360), "358")
    for name, page in (("first", FORM.filled(FIRST)), ("second", turned(FORM.filled(SECOND), 1.5)[0]), ("other", other)):
        cv2.imwrite(str(tmp_path / "scans" / f"{name}.png"), page)
    write_layout(tmp_path, Holds(digits=(1, 4), decimals=1))
    return tmp_path


def write_layout(place: Path, holds: Holds) -> None:
    (place / "rain.yaml").write_text(layout_text(FORM.layout(holds)), "utf-8")


def digitise(place: Path) -> None:
    from flows.digitise import digitise

    digitise(source=str(place / "scans"), out=str(place / "out"), workers=1, layout=str(place / "rain.yaml"))


def command(place: Path) -> str:
    """What the command says that people type."""
    words = ["digitise", place / "scans", "--out", place / "out", "--layout", place / "rain.yaml"]
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False).output


def rows(place: Path, table: str) -> list[dict[str, Any]]:
    return [dict(row, page=Path(row["file"]).stem) for row in Results(Storage(), str(place / "out")).read(table).to_pylist()]


def test_cells_of_a_form_are_named_and_a_page_of_another_kind_stays_in_review_until_its_layout_comes(place: Path) -> None:
    digitise(place)

    pages = {row["page"]: (row["layout"], row["reason"]) for row in rows(place, "pages")}
    assert pages == {"first": ("rain", ""), "second": ("rain", ""), "other": ("", "layout not found")}
    numbers = rows(place, "numbers")
    for page, written in (("first", FIRST), ("second", SECOND)):
        cells = [row for row in numbers if row["page"] == page]
        assert len(cells) == 25
        read = {(row["row"], row["column"]): (row["digits"], row["value"]) for row in cells if row["digits"]}
        assert read == {where: (digits, int(digits) / 10) for where, digits in written.items()}
        assert {row["zone"] for row in cells} == {"grid"}
    assert {row["state"] for row in numbers if row["page"] == "other"} == {"review"}
    versions = {row["layout_version"] for row in numbers}

    assert "nothing new: 3 files are" in command(place)

    write_layout(place, Holds(digits=(1, 4), decimals=2))
    digitise(place)
    anew = rows(place, "numbers")
    assert {row["value"] for row in anew if row["page"] == "first" and row["digits"]} == {3.58, 20.47, 0.61}
    assert len(anew) == len(numbers)
    assert versions.isdisjoint({row["layout_version"] for row in anew})
