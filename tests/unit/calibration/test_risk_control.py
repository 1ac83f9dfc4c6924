"""The error dial on drawn records: what it promises, what it refuses, and how it says so."""

import numpy as np
import pytest

from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import digits_needed, least_promise, promise, promised, set_dial
from digit_core.errors import InputError
from digit_core.params import CalibrationSet


def record(*groups):
    """Of (confidence, right, wrong)."""
    confidences = np.concatenate([np.full(right + wrong, confidence) for confidence, right, wrong in groups])
    right = np.concatenate([np.repeat([True, False], [right, wrong]) for _, right, wrong in groups])
    return CalibrationRecord.of(confidences, right)


@pytest.mark.parametrize(("target", "certainty"), [(0.0014, 0.95), (0.01, 0.95), (0.0014, 0.5), (0.2, 0.99)])
def test_just_as_many_faultless_digits_as_are_said_to_be_needed_carry_a_promise(target, certainty):
    needed = digits_needed(target, certainty)

    assert set_dial(record((0.9999, needed, 0)), target, certainty).feasible
    assert not set_dial(record((0.9999, needed - 1, 0)), target, certainty).feasible


def test_the_threshold_goes_down_to_where_the_errors_begin():
    setting = set_dial(record((0.9999, 5000, 0), (0.9, 200, 0), (0.7, 100, 30)), 0.0014)

    assert 0.7 < setting.threshold < 0.9
    assert setting.observed_error == 0
    assert setting.review_share == pytest.approx(130 / 5330)
    assert setting.bound <= 0.0014
    assert setting.calibration_digits == 5330


def test_a_model_without_errors_needs_no_review():
    setting = set_dial(record((0.9999, 5000, 0), (0.3, 500, 0)), 0.0014)

    assert (setting.threshold, setting.review_share) == (0, 0)


def test_thresholds_below_the_first_that_fails_are_not_tried():
    fails_at_098 = record((0.9999, 3000, 0), (0.98, 0, 30), (0.9, 100_000, 0))

    setting = set_dial(fails_at_098, 0.0014)

    assert setting.threshold > 0.98


def test_a_model_that_is_wrong_at_sure_digits_is_tried_from_a_stricter_start():
    setting = set_dial(record((0.9999, 9000, 0), (0.993, 900, 50)), 0.0014)

    assert setting.feasible
    assert setting.threshold > 0.993


def test_where_nothing_can_be_promised_all_goes_to_review():
    setting = set_dial(record((0.9999, 1000, 0)), 0.0014)

    assert not setting.feasible
    assert (setting.threshold, setting.review_share) == (1, 1)


def test_no_promise_stands_on_no_digits():
    empty = CalibrationRecord.of(np.empty(0), np.empty(0, bool))

    assert not set_dial(empty, 0.5).feasible
    assert least_promise(empty) is None


@pytest.mark.parametrize(
    ("target", "certainty"), [(0, 0.95), (1, 0.95), (-0.1, 0.95), (0.01, 0), (0.01, 1), (float("nan"), 0.95)]
)
def test_targets_and_certainties_that_cannot_be_are_refused(target, certainty):
    with pytest.raises(InputError, match="must lie between 0 and 1"):
        set_dial(record((0.9999, 5000, 0)), target, certainty)


def test_the_least_promise_can_be_kept_and_a_stricter_one_cannot():
    held_out = record((0.9999, 4000, 1), (0.95, 900, 12))

    least = least_promise(held_out)

    assert least.feasible
    assert not set_dial(held_out, least.target * 0.9).feasible


def test_a_refusal_says_how_many_digits_it_takes_and_what_can_be_promised():
    held_out = record((0.9999, 1000, 0))

    with pytest.raises(InputError) as refused:
        promised(held_out, 0.0014, 0.95, CalibrationSet.CLEAN)

    assert "0.14 % cannot be guaranteed with 95 % certainty" in str(refused.value)
    assert f"{digits_needed(0.0014):,} digits without an error" in str(refused.value)
    assert f"--max-error {least_promise(held_out).target:g}" in str(refused.value)


def test_a_refusal_for_too_many_mistakes_says_how_many():
    with pytest.raises(InputError, match=r"sure of 4,020 .* wrong at 20 of these"):
        promised(record((0.9999, 4000, 20)), 0.0014, 0.95, CalibrationSet.ARCHIVE)


def test_a_promise_is_told_with_its_threshold_its_certainty_and_its_price():
    line = promise(set_dial(record((0.9999, 4500, 0), (0.5, 400, 100)), 0.0014))

    assert "at most 0.14 % of the accepted digits are wrong" in line
    assert "95 % certainty" in line
    assert "10.0% would go to review" in line
