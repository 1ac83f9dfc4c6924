"""The promise itself: how often it is broken, on drawn digits whose true error is known, and on MNIST's test digits.

A promise is about the true share of wrong digits among those accepted, not about what a further sample happens to show:
at a true error just below the target, half of all samples show more than the target. So on MNIST the true error of a
threshold is taken among all test digits that are read, of which the calibration half is a random sample; and the other half,
of which nothing was used, must not contradict the promise.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import set_dial
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.recognition.pipeline import PageReader
from digit_core.training.mnist import read_mnist
from digit_core.training.strip_reader.held_out_strips import clean_strips, evaluate_digits

pytestmark = pytest.mark.slow

MNIST = Path(os.environ.get("DIGITS_MNIST") or Path(__file__).parents[3] / "../shared/data/mnist/mnist.npz")
SPLITS = 100
DIGITS = 10_000 if os.environ.get("FAULTS") == "1" else 5000


def test_a_model_that_is_a_little_too_bad_at_every_confidence_is_seldom_promised_anything():
    rng = np.random.default_rng(1)
    target, times, digits = 0.01, 1000, 2000

    broken = 0
    for _ in range(times):
        record = CalibrationRecord.of(1 - rng.beta(0.1, 5, digits), rng.random(digits) >= 1.001 * target)
        broken += set_dial(record, target).feasible

    assert broken <= binom.ppf(0.999, times, 0.05)


def test_a_threshold_below_which_the_true_error_is_too_high_is_seldom_chosen():
    rng = np.random.default_rng(2)
    target, times, digits = 0.01, 1000, 4000

    broken = 0
    for _ in range(times):
        doubts = rng.random(digits) ** 4  # at most d: a share of d ** (1 / 4), with a mean doubt of d / 5
        setting = set_dial(CalibrationRecord.of(1 - doubts, rng.random(digits) >= doubts), target)
        broken += setting.feasible and (1 - setting.threshold) / 5 > target

    assert 0 < broken <= binom.ppf(0.999, times, 0.05)


@pytest.fixture(scope="module")
def answers():
    """MNIST's test digits, or half of them, as strips that are read from beginning to end: confidence and whether it is right."""
    if not MNIST.is_file():
        pytest.skip(f"no MNIST at {MNIST}: set DIGITS_MNIST to the path of mnist.npz")
    images, labels = read_mnist(MNIST).test
    papers = clean_strips((images[:DIGITS], labels[:DIGITS]), np.random.default_rng(0))
    return evaluate_digits(papers, PageReader(OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped")))


@pytest.mark.parametrize(("target", "least_given"), [pytest.param(0.0014, 10, marks=pytest.mark.long), (0.0029, 90), (0.005, 90)])
def test_on_mnist_the_promised_error_holds_in_95_of_100_splits(answers, target, least_given):
    rng = np.random.default_rng(0)

    given = true = uncontradicted = 0
    for _ in range(SPLITS):
        order = rng.permutation(len(answers.right))
        used, other = order[: len(order) // 2], order[len(order) // 2 :]
        setting = set_dial(CalibrationRecord.of(answers.confidence[used], answers.right[used]), target)
        if setting.feasible:
            given += 1
            accepted = answers.confidence >= setting.threshold
            true += (~answers.right[accepted]).mean() <= target
            wrong, digits = (~answers.right[other][accepted[other]]).sum(), accepted[other].sum()
            uncontradicted += binom.sf(wrong - 1, digits, target) > 0.05

    assert given >= least_given  # a dial that refuses everything keeps every promise
    assert SPLITS - (given - true) >= 95
    assert SPLITS - (given - uncontradicted) >= 95
