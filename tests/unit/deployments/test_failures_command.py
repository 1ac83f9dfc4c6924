from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from deployments.cli import app
from tests.support import results


def digits(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def dest(tmp_path: Path, served_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results with a page that was read and one that was cut short and is gone by now."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(served_home))
    monkeypatch.setenv("DIGITS_REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/review.db")
    page = np.full((300, 400), 235, np.uint8)
    cv2.putText(page, "77", (100, 180), cv2.FONT_HERSHEY_SIMPLEX, 3, 20, 6)
    cv2.imwrite(str(tmp_path / "page.png"), page)
    results.write(tmp_path / "out", tmp_path / "page.png", tmp_path / "bad.png")
    return tmp_path / "out"


def test_failures_are_listed_by_reason_with_what_to_do(dest: Path) -> None:
    result = digits("failures", dest)

    assert result.exit_code == 0
    assert "1      truncated  copy it again" in result.output
    assert "bad.png" in result.output
    assert f"digits retry {dest} --failed" in result.output


def test_failures_of_another_reason_are_not_listed(dest: Path) -> None:
    assert "no page" in digits("failures", dest, "--reason", "damaged").output


def test_a_retry_says_which_files_are_gone(dest: Path) -> None:
    result = digits("retry", dest, "--failed")

    assert result.exit_code == 0
    assert "1 of the files no longer exist" in result.output
    assert "nothing to retry" in result.output


def test_a_retry_without_failed_or_with_a_reason_that_is_none_is_refused(dest: Path) -> None:
    assert digits("retry", dest).exit_code == 2
    assert "known reasons are" in digits("retry", dest, "--failed", "--reason", "bad luck").stderr


def test_the_status_counts_pages_by_state_and_names_the_runs(dest: Path) -> None:
    result = digits("status", dest)

    assert result.exit_code == 0
    assert "pages read         1" in result.output
    assert "pages quarantined  1" in result.output
    assert "2000-01-01" in result.output
