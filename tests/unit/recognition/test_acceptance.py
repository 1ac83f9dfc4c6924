"""What is sure, and what goes to review: cells without a digit, and collections with a temperature of their own."""

import numpy as np
import pytest

from digit_core.calibration.temperature import tempered_confidence
from digit_core.params import ReviewPolicy
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
