"""What holds of the error dial whatever the digits are."""

from math import comb

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import STARTS, set_dial


@st.composite
def records(draw, most=1500):
    """Digits of any size of record, any honesty of confidence."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    digits = draw(st.integers(0, most))
    doubts = rng.beta(draw(st.floats(0.05, 1)), draw(st.floats(1, 50)), digits)
    return CalibrationRecord.of(1 - doubts, rng.random(digits) >= doubts * draw(st.floats(0, 3)))


targets = st.floats(0.002, 0.6)
certainties = st.floats(0.5, 0.999)


@settings(deadline=None)  # the first call imports SciPy
@given(records(), targets, targets)
def test_a_stricter_target_never_lowers_the_threshold(record, one, other):
    strict, lenient = sorted((one, other))

    assert set_dial(record, strict).threshold >= set_dial(record, lenient).threshold


@settings(deadline=None)
@given(records(), targets, certainties, certainties)
def test_more_certainty_never_lowers_the_threshold(record, target, one, other):
    less, more = sorted((one, other))

    assert set_dial(record, target, more).threshold >= set_dial(record, target, less).threshold


@settings(deadline=None)
@given(records(), targets, st.integers(2, 5))
def test_more_digits_of_the_same_kind_never_raise_the_threshold(record, target, times):
    larger = CalibrationRecord(np.repeat(record.doubts, times), np.repeat(record.right, times))

    assert set_dial(larger, target).threshold <= set_dial(record, target).threshold


@settings(deadline=None)
@given(records(), targets, st.integers(0, 2**32 - 1))
def test_one_mistake_less_never_raises_the_threshold(record, target, luck):
    wrong = np.flatnonzero(~record.right)
    right = record.right.copy()
    right[wrong[luck % len(wrong)] if len(wrong) else slice(0)] = True

    assert set_dial(CalibrationRecord(record.doubts, right), target).threshold <= set_dial(record, target).threshold


@settings(deadline=None)
@given(records(), targets, certainties)
def test_a_promise_bounds_what_was_seen_and_keeps_its_target(record, target, certainty):
    setting = set_dial(record, target, certainty)

    if setting.feasible:
        assert setting.observed_error <= setting.bound <= target * (1 + 1e-9)
        assert 0 <= setting.review_share < 1


@settings(deadline=None)
@given(records())
def test_a_record_survives_its_way_through_json(record):
    again = CalibrationRecord.from_json(record.to_json())

    assert (again.doubts == record.doubts).all()
    assert (again.right == record.right).all()


@settings(max_examples=40, deadline=None)
@given(records(most=60), st.floats(0.05, 0.6), certainties)
def test_the_dial_is_what_adding_up_binomial_terms_one_by_one_gives(record, target, certainty):
    doubts, right = record.doubts.astype(float), record.right

    def kept(limit, chance):
        accepted = doubts <= limit
        n, wrong = int(accepted.sum()), int((~right[accepted]).sum())
        return sum(comb(n, k) * target**k * (1 - target) ** (n - k) for k in range(wrong + 1)) <= chance

    lowest = 1.0
    for start, share in STARTS:
        for step in range(100):
            limit = float(np.float16((1 - start) * 10 ** (step / 24)))
            if limit > 1 or not kept(limit, (1 - certainty) * share):
                break
            lowest = min(lowest, 1 - limit)

    assert abs(set_dial(record, target, certainty).threshold - lowest) < 1e-9
