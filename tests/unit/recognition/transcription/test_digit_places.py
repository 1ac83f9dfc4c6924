"""Digits keep the boxes in which they were found, whatever marks stand between them."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.inference.network_spec import NOTHING
from digit_core.recognition.detections import Characters
from digit_core.recognition.transcription.digit_places import boxes_of, laid_along, without_marks


def seen(digits: str, pitch: int = 30) -> Characters:
    """Digits that the detector found, 20 wide."""
    probabilities = np.full((len(digits), NOTHING + 1), 0.01, np.float32)
    for row, digit in enumerate(digits):
        probabilities[row, int(digit)] = 0.9
    boxes = np.array([(pitch * i, 0, pitch * i + 20, 40) for i in range(len(digits))], np.float32)
    return Characters(boxes, probabilities, np.zeros(len(digits), np.float32))


@pytest.mark.parametrize(
    ("text", "found", "places"),
    [
        ("358", "358", [0, 1, 2]),
        ("53/7/2", "531712", [0, 1, 2, 3, 4, 5]),
        ("20/1/1944", "201111944", [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("+7.8", "478", [0, 1, None, 2]),
        ("10:27", "1027", [0, 1, None, 2, 3]),
        ("358", "38", [0, None, 1]),
        ("38", "358", [0, 2]),
        ("", "3", []),
    ],
)
def test_a_text_is_laid_along_what_was_found_by_order(text: str, found: str, places: list[int | None]) -> None:
    assert laid_along(text, seen(found)) == places


def test_strokes_that_the_detector_took_for_ones_are_no_digits() -> None:
    kept = without_marks(seen("531712"), ["53/7/2", "53/7/2"])

    assert kept.best.tolist() == [5, 3, 7, 2]
    assert kept.boxes[:, 0].tolist() == [0, 30, 90, 150]


@pytest.mark.parametrize("texts", [["53/7/2", "531712"], ["531712", "531712"], ["53.1712", "53.1712"]])
def test_where_strips_differ_or_see_no_stroke_all_digits_stay(texts: list[str]) -> None:
    found = seen("531712")

    assert without_marks(found, texts) is found


def test_a_number_keeps_a_digit_even_if_all_of_it_looks_like_a_mark() -> None:
    assert len(without_marks(seen("1"), ["/", "/"])) == 1


def test_the_boxes_of_a_number_with_strokes_are_those_of_its_digits() -> None:
    boxes = boxes_of("53/7/2", seen("531712"), np.array([10, 40, 80, 140.0]))  # columns may be far off

    assert boxes[:, 0].tolist() == [0, 30, 90, 150]


def test_where_a_digit_was_not_found_all_stand_halfway_between_their_columns() -> None:
    boxes = boxes_of("358", seen("38", pitch=60), np.array([10, 40, 70.0]))

    assert boxes[:, 0].tolist() == [0, 25, 55]
    assert boxes[:, 2].tolist() == [25, 55, 80]
