"""Which view of a strip counts, told to readings that are set by hand."""

import numpy as np
import pytest

from digit_core.imaging.prepare import PreparedPage
from digit_core.recognition.transcription import views
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.recognition.transcription.views import find_in_views


def strip(paper: int) -> PreparedPage:
    darkness = np.full((64, 200), paper, np.uint8)
    darkness[20:44, 40:160:20] = 200
    bare = np.zeros_like(darkness)
    return PreparedPage(darkness, bare, bare, np.eye(2, 3), 0.0)


def number(digit: int, sureness: float) -> FoundNumber:
    evidence = np.full((1, 11), (1 - sureness) / 10, np.float32)
    evidence[0, digit] = sureness
    return FoundNumber(np.array([[1, 1, 9, 9]], np.float32), evidence, 1.0, 0.0, str(digit), 9.0)


def read_as(monkeypatch: pytest.MonkeyPatch, *outcomes: FoundNumber | None) -> None:
    coming = iter(outcomes)

    def found(view: PreparedPage, reader: object) -> tuple[PreparedPage, FoundNumber] | None:
        outcome = next(coming)
        return None if outcome is None else (view, outcome)

    monkeypatch.setattr(views, "find_number", found)


def test_a_strip_on_bare_paper_is_read_once(monkeypatch: pytest.MonkeyPatch):
    read_as(monkeypatch, number(4, 0.9))

    found = find_in_views(strip(0), None)  # type: ignore[arg-type]

    assert found is not None
    assert found[1].text == "4"
    assert found[1].certainty == 1.0


def test_the_surer_view_counts_and_is_doubted_for_what_the_other_says(monkeypatch: pytest.MonkeyPatch):
    read_as(monkeypatch, number(4, 0.3), number(7, 0.9))

    found = find_in_views(strip(70), None)  # type: ignore[arg-type]

    assert found is not None
    assert found[1].text == "7"
    assert found[1].certainty == pytest.approx(0.9 / 1.2, abs=0.01)


def test_two_views_that_agree_leave_no_doubt(monkeypatch: pytest.MonkeyPatch):
    read_as(monkeypatch, number(4, 0.6), number(4, 0.9))

    found = find_in_views(strip(70), None)  # type: ignore[arg-type]

    assert found is not None
    assert found[1].certainty == 1.0


def test_where_no_view_has_a_number_there_is_none(monkeypatch: pytest.MonkeyPatch):
    read_as(monkeypatch, None, None)

    assert find_in_views(strip(70), None) is None  # type: ignore[arg-type]
