"""--quiet, --verbose and --json of status, evaluate and digitise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deployments.cli import app
from tests.support.results import publish, read_as, scan


@pytest.fixture(autouse=True)
def _collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection of one page on which 124 was read, and its truth, which says 724."""
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    publish(tmp_path / "results", read_as(scan(tmp_path / "a.png"), "124"))
    (tmp_path / "a.csv").write_text("row,column,text,digits,certain\nJan,rain,724,724,1\n")


def digits(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_status_as_json_has_pages_and_runs() -> None:
    found = json.loads(digits("status", "results", "--json").stdout)

    assert found["pages"] == {"read": 1}
    assert [run["pages"] for run in found["runs"]] == [1]


def test_status_is_quiet_about_runs() -> None:
    assert "last batch" in digits("status", "results").stdout
    assert "last batch" not in digits("status", "results", "--quiet").stdout


def test_evaluate_is_quiet_about_pages_and_verbose_about_mistakes() -> None:
    usual, quiet, verbose = (digits("evaluate", "results", "a.csv", *more).stdout for more in ([], ["-q"], ["--verbose"]))

    assert [any(line.startswith("a ") for line in text.splitlines()) for text in (usual, quiet, verbose)] == [True, False, True]
    assert [" 724 " in text for text in (usual, quiet, verbose)] == [False, False, True]
    assert "Jan" in verbose


@pytest.mark.parametrize("command", [["status", "results"], ["evaluate", "results", "a.csv"], ["digitise", ".", "--out", "new"]])
def test_only_one_form_of_output_can_be_asked_for(command: list[str]) -> None:
    done = digits(*command, "--quiet", "--json")

    assert done.exit_code == 2
    assert "--quiet and --json: give one of them" in done.stderr
