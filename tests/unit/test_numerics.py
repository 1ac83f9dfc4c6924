"""Softmax and its kin agree with SciPy, keep the dtype, and bear scores of any size."""

import numpy as np
import pytest
from scipy import special

from digit_core.numerics import log_odds, log_sum_exp, percentile, sigmoid, softmax


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_they_agree_with_scipy_in_the_dtype_of_the_scores(dtype):
    scores = np.random.default_rng(1).normal(0, 9, (5, 4, 11)).astype(dtype)

    for ours, theirs in (
        (softmax(scores), special.softmax(scores, axis=-1)),
        (log_sum_exp(scores), special.logsumexp(scores, axis=-1)),
        (sigmoid(scores), special.expit(scores)),
        (log_odds(sigmoid(scores / 9)), special.logit(special.expit(scores / 9))),
    ):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6)


def test_scores_that_would_overflow_give_certainty_and_no_warning():
    scores = np.array([[1e4, -1e4], [-1e30, 0]], np.float32)

    with np.errstate(over="raise", invalid="raise"):
        assert softmax(scores).tolist() == [[1, 0], [0, 1]]
        assert log_sum_exp(scores).tolist() == [1e4, 0]
        assert sigmoid(np.array([1e30, -1e30], np.float32)) == pytest.approx([1, 0], abs=1e-20)


@pytest.mark.parametrize("percent", [0, 20, 50, 99.7, 100])
def test_a_percentile_of_grey_values_is_that_of_numpy(percent):
    rng = np.random.default_rng(4)

    for size in ((1, 1), (1, 2), (7, 5), (40, 60)):
        grey = rng.integers(0, rng.integers(1, 257), size).astype(np.uint8)
        assert percentile(grey[::2, ::2], percent) == pytest.approx(np.percentile(grey[::2, ::2], percent))
