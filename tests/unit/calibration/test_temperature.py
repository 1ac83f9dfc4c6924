"""Confidences at another temperature, and the temperature that a few numbers ask for."""

import numpy as np
import pytest

from digit_core.calibration.temperature import fit_confidences, tempered, tempered_confidence


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 4.0])
def test_one_confidence_is_scaled_as_a_pair_of_probabilities_is(temperature):
    for confidence in (0.02, 0.3, 0.5, 0.9, 0.999):
        pair = tempered(np.array([[1 - confidence, confidence]], np.float32), temperature)

        assert tempered_confidence(confidence, temperature) == pytest.approx(pair[0, 1], rel=1e-3)


def test_the_order_of_confidences_stays_and_certainty_and_impossibility_too():
    confidences = np.linspace(0, 1, 101)
    scaled = [tempered_confidence(one, 2.5) for one in confidences]

    assert scaled == sorted(scaled)
    assert (scaled[0], scaled[50], scaled[-1]) == (0.0, pytest.approx(0.5), 1.0)


def test_a_confidence_near_certainty_at_a_low_temperature_is_no_error():
    assert tempered_confidence(1 - 1e-15, 0.25) == pytest.approx(1.0)
    assert tempered_confidence(1e-300, 0.5) == pytest.approx(0.0)


def test_without_a_number_the_temperature_is_as_expected():
    assert fit_confidences(np.empty(0), np.empty(0, bool), np.empty(0)) == 1.0


def test_numbers_that_are_right_as_often_as_they_say_leave_it_near_one():
    rng = np.random.default_rng(5)
    confidences = rng.uniform(0.5, 0.99, 3000)

    assert fit_confidences(confidences, rng.random(3000) < confidences, np.ones(3000)) == pytest.approx(1.0, abs=0.1)
