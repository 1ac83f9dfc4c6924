"""What is sure, and what goes to review: cells without a digit, and collections with a temperature of their own."""

import numpy as np
import pytest

from digit_core.calibration.temperature import tempered_confidence
from digit_core.params import ReviewPolicy
from digit_core.readings import State
from digit_core.recognition.acceptance import _as_a_whole, judge
from digit_core.records import Box, NumberString, PageDigits, PageFound, PageRef


def test_an_unsure_cell_without_any_digit_has_none_to_send_to_review():
    assert _as_a_whole((), 0.5, ReviewPolicy()) == ()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_a_collection_scales_the_confidences_of_numbers_and_digits(temperature):
    boxes = (Box(10, 10, 20, 30), Box(40, 10, 20, 30))
    digits = PageDigits((NumberString(0, boxes, certainty=0.97, text="12", marks=0.98),), np.zeros((2, 28, 28), np.uint8))
    rows = np.full((2, 11), 0.002, np.float32)
    rows[0, 1] = rows[1, 2] = 0.98
    found = PageFound(PageRef("a.png", "1", "ab"), 100, 100, 0.0, digits)

    plain, scaled = (judge(found, rows, ReviewPolicy(0.5, 0.0, temperature=one)).readings[0] for one in (1.0, temperature))

    assert scaled.confidence == pytest.approx(tempered_confidence(plain.confidence, temperature), rel=1e-5)
    for part, before in zip(scaled.parts, plain.parts, strict=True):
        assert part.confidence == pytest.approx(tempered_confidence(before.confidence, temperature), rel=1e-5)


@pytest.mark.parametrize(("height", "state"), [(16, State.REVIEW), (27, State.ACCEPTED)], ids=["two short strokes", "an eleven"])
def test_an_eleven_far_lower_than_the_figures_of_its_page_may_be_a_ditto_mark(height, state):
    figures = [NumberString(row, _boxes(3, 10 + 40 * row, 30), text="258") for row in range(8)]
    doubtful = NumberString(8, _boxes(2, 400, height), text="11")

    *others, eleven = judge(_page_of(*figures, doubtful), _certain("258" * 8 + "11"), ReviewPolicy(0.9, 0.0)).readings

    assert eleven.state is state
    assert {one.state for one in others} == {State.ACCEPTED}


def test_a_page_of_few_figures_does_not_tell_how_high_they_are():
    both = [NumberString(0, _boxes(3, 10, 30), text="258"), NumberString(1, _boxes(2, 60, 16), text="11")]

    readings = judge(_page_of(*both), _certain("25811"), ReviewPolicy(0.9, 0.0)).readings

    assert [one.state for one in readings] == [State.ACCEPTED] * 2


def _boxes(count: int, y: int, height: int) -> tuple[Box, ...]:
    return tuple(Box(10 + 20 * place, y, 12, height) for place in range(count))


def _page_of(*numbers: NumberString) -> PageFound:
    crops = np.zeros((sum(len(one.boxes) for one in numbers), 28, 28), np.uint8)
    return PageFound(PageRef("a.png", "1", "ab"), 100, 500, 0.0, PageDigits(numbers, crops))


def _certain(digits: str) -> np.ndarray:
    rows = np.full((len(digits), 11), 1e-4, np.float32)
    rows[np.arange(len(digits)), [int(digit) for digit in digits]] = 0.999
    return rows
