"""The figures of a number set, counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.evaluation.set_score import ReadNumber, edited, score_set


def number(
    digits: str, read: str, confidence: float = 0.5, accepted: bool = False, text: str = "", read_text: str = ""
) -> ReadNumber:
    return ReadNumber(digits, text or digits, read, read_text or read, confidence, accepted)


def test_numbers_and_digits_are_counted_apart() -> None:
    score = score_set("cells", [number("12", "12"), number("345", "346"), number("6", "")])

    assert score.exact == pytest.approx(1 / 3)
    assert score.digits == pytest.approx(1 - 2 / 6)


def test_a_lost_mark_leaves_the_digits_right_and_the_text_wrong() -> None:
    score = score_set(
        "cells", [number("125", "125", text="12.5", read_text="125"), number("125", "125", text="12.5", read_text="12.5")]
    )

    assert (score.exact, score.exact_text) == (1.0, 0.5)


def test_wrong_ones_are_counted_among_the_surest() -> None:
    sure = [number("1", "1", confidence) for confidence in np.linspace(0.6, 0.99, 9)]

    score = score_set("cells", [number("7", "1", 0.7), *sure])

    assert score.wrong_in_surest == {90: pytest.approx(1 / 9), 70: pytest.approx(1 / 7), 50: 0.0, 30: 0.0}


def test_the_bound_on_wrong_accepted_numbers_is_that_of_clopper_and_pearson() -> None:
    score = score_set("cells", [number("1", "1", 0.99, True)] * 59)

    assert (score.accepted, score.accepted_wrong) == (59, 0)
    assert score.wrong_at_most == pytest.approx(1 - 0.05 ** (1 / 59))


def test_without_an_accepted_number_nothing_is_promised() -> None:
    assert score_set("cells", [number("1", "7")]).wrong_at_most is None


def test_a_confidence_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    honest = [number("1", "1" if i < 8 else "7", 0.8) for i in range(10)]
    boasting = [number("1", "1" if i < 8 else "7", 1.0) for i in range(10)]

    assert score_set("honest", honest).calibration_error == pytest.approx(0.0)
    assert score_set("boasting", boasting).calibration_error == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("true", "read", "edits"),
    [
        ("123", "123", []),
        ("123", "173", [("2", "7")]),
        ("123", "13", [("2", "")]),
        ("13", "123", [("", "2")]),
        ("12", "", [("1", ""), ("2", "")]),
        ("1990", "990", [("1", "")]),
    ],
)
def test_edits_name_what_was_confused(true: str, read: str, edits: list[tuple[str, str]]) -> None:
    assert edited(true, read) == edits


@given(st.text("0123", max_size=6), st.text("0123", max_size=6))
def test_edits_account_for_the_difference_in_length(true: str, read: str) -> None:
    edits = edited(true, read)

    assert sum(bool(found) - bool(meant) for meant, found in edits) == len(read) - len(true)
    assert len(edits) <= max(len(true), len(read))
    assert (not edits) == (true == read)


def test_confusions_are_the_most_frequent_first() -> None:
    score = score_set("cells", [number("9", "8")] * 3 + [number("2", "1")])

    assert score.confusions == (("9", "8", 3), ("2", "1", 1))
    assert score.to_dict()["confusions"][0] == {"digit": "9", "read": "8", "count": 3}
