"""Champion and challenger, figure by figure, against slow and plain ways to work the same out."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digit_core.errors import RegistryError
from digit_core.evaluation.model_comparison import (
    HeldOut,
    Pair,
    Trial,
    answers,
    compare,
    differing,
    held_out_sets,
    mcnemar,
    put_to_trial,
    review_share,
    speeds,
)
from digit_core.records import NOT_A_DIGIT


class Fixed:
    """A recogniser that gives the rows it was made with, whatever it is shown."""

    version = "7"

    def __init__(self, rows, on_call=lambda: None):
        self._rows, self._on_call = rows, on_call

    def __call__(self, crops):
        self._on_call()
        return self._rows[: len(crops)]


def sure_of(labels, confidence=0.9):
    """Probabilities of digits that are taken for `labels` with this confidence, or with one each."""
    rows = np.zeros((len(labels), 11), np.float32)
    rows[:] = ((1 - np.broadcast_to(confidence, len(labels))) / 10)[:, np.newaxis]
    rows[np.arange(len(labels)), labels] = confidence
    return rows


def trial(labels, champion, challenger) -> Trial:
    digits = HeldOut("some digits", np.zeros((len(labels), 28, 28), np.uint8), np.array(labels, np.int64))
    return Trial(digits, sure_of(champion), sure_of(challenger))


@settings(deadline=None)  # the first call imports SciPy
@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemars_p_is_the_share_of_all_ways_to_deal_the_digits_that_are_as_bad(lost, won):
    together = lost + won
    as_bad = Fraction(sum(comb(together, worse) for worse in range(lost, together + 1)), 2**together)

    assert mcnemar(lost, won) == pytest.approx(float(as_bad), rel=1e-9)


def test_digits_are_counted_by_who_has_them_right():
    compared = compare(trial([1, 1, 2, 2, 3], champion=[1, 1, 2, 0, 0], challenger=[1, 0, 0, 2, 0]), 0.0014)

    total = compared.total
    assert (total.digits, total.both, total.lost, total.won) == (5, 1, 2, 1)
    assert total.share == Pair(0.6, 0.4)
    assert total.loss == pytest.approx(0.2)
    assert [(one.digits, one.lost, one.won) for one in compared.classes[1:4]] == [(2, 1, 0), (2, 1, 1), (1, 0, 0)]


def test_a_class_without_digits_is_no_loss():
    compared = compare(trial([1], champion=[1], challenger=[1]), 0.0014)

    assert (compared.classes[9].share, compared.classes[9].loss, compared.classes[9].p_worse) == (Pair(1, 1), 0, 1)


@given(st.lists(st.tuples(st.sampled_from([0.3, 0.5, 0.7, 0.9]), st.booleans()), min_size=1, max_size=30), st.floats(0, 1))
def test_the_review_share_is_the_smallest_that_any_threshold_gives(digits, allowed):
    confidence, right = (np.array(values) for values in zip(*digits, strict=True))
    labels = np.where(right, 4, 5)

    share = review_share(sure_of([4] * len(digits), confidence.astype(np.float32)), labels, allowed)

    options = [1.0]
    for threshold in (0.3, 0.5, 0.7, 0.9):
        accepted = confidence >= threshold
        if accepted.any() and (~right[accepted]).sum() / accepted.sum() <= allowed:
            options.append(1 - accepted.sum() / len(digits))
    assert share == pytest.approx(min(options))


def test_both_models_are_timed_in_turns_and_the_best_round_of_each_counts():
    now, calls = [0.0], []
    times = {"champion": iter([9, 4, 2, 4]), "challenger": iter([9, 8, 8, 1])}

    def model(name):
        def work():
            calls.append(name)
            now[0] += next(times[name])

        return Fixed(sure_of([0] * 16), work)

    speed = speeds(model("champion"), model("challenger"), np.zeros((16, 28, 28), np.uint8), rounds=3, clock=lambda: now[0])

    assert calls[2:] == ["champion", "challenger"] * 3
    assert speed == Pair(8, 16)


def test_an_array_of_another_shape_is_no_answer():
    with pytest.raises(RegistryError, match=r"version 7 answers 2 digits with an array of shape \(2, 10\), not \(2, 11\)"):
        answers(Fixed(np.zeros((2, 10), np.float32)), np.zeros((2, 28, 28), np.uint8))


def test_probabilities_that_are_no_numbers_are_no_answer():
    with pytest.raises(RegistryError, match="probabilities that are not numbers"):
        answers(Fixed(np.full((1, 11), np.nan, np.float32)), np.zeros((1, 28, 28), np.uint8))


def test_both_models_are_shown_the_same_digits():
    digits = HeldOut("some digits", np.zeros((2, 28, 28), np.uint8), np.array([3, 4]))

    put = put_to_trial(digits, Fixed(sure_of([3, 3])), Fixed(sure_of([4, 4])))

    assert put.champion.argmax(axis=1).tolist() == [3, 3]
    assert put.challenger.argmax(axis=1).tolist() == [4, 4]


def test_the_digits_that_just_one_has_right_are_shown_the_surest_mistakes_first():
    labels = np.array([1, 1, 1, 1, 1])
    digits = HeldOut("some digits", np.zeros((5, 28, 28), np.uint8), labels)
    champion = sure_of([1, 1, 2, 1, 2], np.array([0.9, 0.9, 0.5, 0.9, 0.8], np.float32))
    challenger = sure_of([2, 1, 1, 2, 1], np.array([0.6, 0.9, 0.9, 0.7, 0.9], np.float32))

    assert differing(Trial(digits, champion, challenger), most=9).tolist() == [3, 0, 4, 2]
    assert differing(Trial(digits, champion, challenger), most=2).tolist() == [3, 4]


def test_every_challenger_meets_the_same_digits_clean_and_in_archive_ink():
    rng = np.random.default_rng(5)
    images, labels = rng.integers(0, 256, (60, 28, 28), np.uint8), rng.integers(0, 10, 60)

    clean, ink = held_out_sets(images, labels)
    _, again = held_out_sets(images, labels)

    np.testing.assert_array_equal(clean.images, images)
    np.testing.assert_array_equal(ink.images, again.images)
    np.testing.assert_array_equal(ink.labels, again.labels)
    assert 0 < (ink.labels == NOT_A_DIGIT).sum() < 20
