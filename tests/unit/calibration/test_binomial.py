"""Bounds of a share that was counted, against the binomial distribution itself and published values."""

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digit_core.calibration.binomial import interval, upper_bound


@pytest.mark.parametrize(("wrong", "digits", "chance"), [(0, 30, 0.05), (1, 40, 0.05), (3, 200, 0.005), (17, 90, 0.2)])
def test_the_upper_bound_is_where_so_few_errors_become_that_unlikely(wrong, digits, chance):
    rate = upper_bound(wrong, digits, chance)

    assert sum(comb(digits, k) * rate**k * (1 - rate) ** (digits - k) for k in range(wrong + 1)) == pytest.approx(
        chance, rel=1e-9
    )


@pytest.mark.parametrize("digits", [0, 7])
def test_nothing_bounds_the_error_where_every_digit_is_wrong(digits):
    assert upper_bound(digits, digits, 0.05) == 1


def test_with_many_digits_the_bound_comes_down_to_what_was_seen():
    assert upper_bound(140, 100_000, 0.05) == pytest.approx(0.0014, rel=0.2)


@settings(deadline=None)  # the first call imports scipy.stats
@given(st.integers(0, 300), st.integers(0, 300), st.sampled_from(["exact", "wilson"]))
def test_an_interval_holds_the_share_that_was_counted(count, others, method):
    low, high = interval(count, count + others, method)

    assert 0 <= low <= (count / (count + others) if count + others else 0.5) <= high <= 1


def test_the_exact_interval_is_that_of_clopper_and_pearson():
    assert interval(3, 100) == pytest.approx((0.0062, 0.0852), abs=1e-4)  # R: binom.test(3, 100)$conf.int


def test_wilson_s_interval_agrees_with_published_values():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    assert interval(81, 263, "wilson") == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert interval(0, 20, "wilson") == pytest.approx((0.0, 0.1611), abs=5e-5)


@pytest.mark.parametrize("method", ["exact", "wilson"])
def test_where_nothing_was_counted_the_interval_says_nothing(method):
    assert interval(0, 0, method) == (0.0, 1.0)
