"""A collection proves itself: `digits pilot`, people's decisions, the settings that follow, and the runs that use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deployments.cli import app
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tests.support.review.reviewer import Reviewer

pytestmark = [pytest.mark.usefixtures("prefect_api"), pytest.mark.slow]

ASKED = 60


@pytest.fixture
def place(tmp_path: Path, served_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(served_home))
    monkeypatch.setenv("DIGITS_REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/review.db")
    assert command("synth", "scans", "--pages", 2, "--seed", 5).exit_code == 0
    return tmp_path


def command(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def pilot(*words: object) -> Result:
    return command("pilot", "scans", "--out", "out", *words)


def rows(place: Path) -> list[dict[str, object]]:
    return Results(Storage(), str(place / "out")).read("numbers").to_pylist()


def decide(place: Path, at_least: int = 10**6) -> None:
    with ReviewQueue(f"sqlite:///{place}/review.db") as queue:
        Reviewer("Ada", place / "scans" / "truth").decide(queue, str(place / "out"), at_least)


def settled(place: Path) -> dict[str, str]:
    """The state of the numbers that people have settled, by their ids."""
    assert command("feedback", "out").exit_code == 0
    results = Results(Storage(), str(place / "out"))
    tables = Reviewed(Storage(), str(place / "out")).corrections().over(results.iter_batches("numbers"), results.pages())
    rows = [row for table in tables for row in table.to_pylist()]
    return {row["number_id"]: row["state"] for row in rows if row["state"] in ("confirmed", "corrected", "unreadable")}


def test_a_pilot_asks_waits_fits_serves_the_runs_and_can_be_removed(place: Path) -> None:
    asked = pilot("--numbers", ASKED, "--json")
    with ReviewQueue(f"sqlite:///{place}/review.db") as queue:
        items = queue.page(str(place / "out"), limit=10_000)
    decide(place, 10)
    waiting = pilot("--numbers", ASKED)
    decide(place)
    fitted = pilot("--numbers", ASKED, "--max-error", 0.1)

    found = json.loads(asked.output)
    assert found["asked"] == found["waiting"] == len({item.number_id for item in items}) == ASKED
    assert {item.reason for item in items} == {"pilot"}
    assert "numbers are decided; the pilot needs them all" in waiting.output
    assert "Next: digits review serve" in waiting.output
    assert fitted.exit_code == 0, fitted.output
    assert "pilot 1: at most 10 % of the accepted numbers of this collection are wrong, with 95 % certainty" in fitted.output
    settings = json.loads((place / "out" / "pilot" / "settings-0001.json").read_text())
    again = pilot("--numbers", ASKED, "--max-error", 0.1)
    assert [file.name for file in sorted((place / "out" / "pilot").glob("settings*"))] == ["settings-0001.json"], again.output

    run = command("digitise", "scans", "--out", "out")

    assert "pilot 1: at most 10 %" in run.output
    read = rows(place)
    assert {row["pilot_version"] for row in read} == {"1"}
    accepted = [row for row in read if row["state"] == "accepted" and row["digits"]]
    assert min(row["confidence"] for row in accepted) >= settings["threshold"] - 1e-6
    share = len(accepted) / sum(1 for row in read if row["digits"])
    assert share == pytest.approx(settings["accepted_share"], abs=0.02)

    stricter = command("digitise", "scans", "--out", "out", "--threshold", 0.999)
    assert "pilot 1: at most" not in stricter.output
    assert all(row["confidence"] >= 0.999 for row in rows(place) if row["state"] == "accepted" and row["digits"])

    removed = pilot("--remove")
    without = command("digitise", "scans", "--out", "out")

    assert "pilot 1 of" in removed.output
    assert "the threshold was measured on other collections, not on this one; to measure it here: digits pilot" in without.output
    assert {row["pilot_version"] for row in rows(place)} == {""}
    assert "there is nothing to remove" in pilot("--remove").output


def test_a_run_before_the_decisions_takes_no_question_of_the_pilot_away(place: Path) -> None:
    pilot("--numbers", ASKED)

    command("digitise", "scans", "--out", "out")

    with ReviewQueue(f"sqlite:///{place}/review.db") as queue:
        items = queue.page(str(place / "out"), limit=10_000)
    assert len({item.number_id for item in items if item.reason == "pilot"}) == ASKED


def test_a_pilot_after_a_review_asks_about_no_number_that_people_settled(place: Path) -> None:
    command("digitise", "scans", "--out", "out")
    decide(place)
    before = settled(place)

    asked = json.loads(pilot("--numbers", ASKED, "--json").output)

    assert before
    assert settled(place) == before
    assert 0 < asked["waiting"] < asked["asked"] == ASKED


def test_a_source_without_numbers_and_a_share_that_is_none_are_refused(place: Path) -> None:
    (place / "empty").mkdir()

    empty = command("pilot", "empty", "--out", "out")
    share = pilot("--max-error", 5)

    assert empty.exit_code != 0
    assert "no number was found on 0 pages of" in empty.output
    assert "--max-error is a share between 0 and 1" in share.output
    assert not (place / "out" / "pilot").exists()
