"""The figures of a model: small cases by hand, others against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

from digit_core.evaluation.classifier_metrics import Reliability, accuracy, confusion, figures, reliability, roc, rocs, worst


def answers(count, seed, sharpness=0.4):
    """Random probabilities (count, 11), and labels that they are right about as often as they say."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(11, sharpness), count).astype(np.float32)
    labels = np.array([rng.choice(11, p=row / row.sum()) for row in probabilities.astype(float)])
    return probabilities, labels


def sure(*pairs):
    """Answers as (label, confidence): the rest of the probability is spread over the others."""
    rows = np.empty((len(pairs), 11), np.float32)
    for row, (label, confidence) in zip(rows, pairs, strict=True):
        row[:] = (1 - confidence) / 10
        row[label] = confidence
    return rows


def test_accuracy_is_the_share_of_right_answers():
    assert accuracy(sure((1, 0.9), (2, 0.6), (3, 0.5), (4, 0.8)), np.array([1, 2, 3, 5])) == 0.75


def test_confusion_counts_what_is_in_rows_and_what_it_was_taken_for_in_columns():
    counts = confusion(sure((1, 0.9), (7, 0.9), (7, 0.9), (10, 0.9)), np.array([1, 1, 7, 2]))

    assert counts[1, 1] == counts[1, 7] == counts[7, 7] == counts[2, 10] == 1
    assert counts.sum() == 4


@settings(deadline=None)  # scikit-learn's first call imports half of it
@given(st.integers(0, 10_000))
def test_confusion_agrees_with_scikit_learn(seed):
    probabilities, labels = answers(60, seed)

    expected = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(11))

    np.testing.assert_array_equal(confusion(probabilities, labels), expected)


@settings(deadline=None)  # scikit-learn's first call imports half of it
@given(st.integers(0, 10_000), st.sampled_from([2, 5, 100]))
def test_the_area_under_a_curve_agrees_with_scikit_learn_even_with_ties(seed, steps):
    rng = np.random.default_rng(seed)
    scores, positive = np.round(rng.random(80) * steps) / steps, rng.random(80) < 0.3
    positive[:2] = True, False

    assert roc(scores, positive).auc == pytest.approx(roc_auc_score(positive, scores))


def test_a_class_that_is_always_told_has_an_area_of_one():
    curve = roc(np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, False]))

    assert curve.auc == 1
    assert (curve.false[0], curve.true[0], curve.false[-1], curve.true[-1]) == (0, 0, 1, 1)


def test_there_is_a_curve_for_each_class_that_occurs():
    assert set(rocs(sure((1, 0.9), (7, 0.9), (7, 0.5)), np.array([1, 7, 1]))) == {1, 7}


def test_of_digits_given_with_one_confidence_the_share_right_is_told():
    found = reliability(sure((1, 0.8), (2, 0.8), (3, 0.8), (4, 0.4)), np.array([1, 2, 9, 4]))

    np.testing.assert_allclose(found.confidence, [0.4, 0.8], atol=1e-6)
    np.testing.assert_allclose(found.right, [1, 2 / 3])
    assert found.count.tolist() == [1, 3]


def test_the_calibration_error_is_weighted_by_digits():
    found = Reliability(np.array([0.5, 0.9]), np.array([0.7, 0.9]), np.array([1, 3]))

    assert found.ece == pytest.approx(0.05)


def test_an_honest_model_has_nearly_no_calibration_error_and_a_boaster_has():
    probabilities, labels = answers(8_000, 1)
    boaster = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)

    assert reliability(probabilities, labels).ece < 0.03
    assert reliability(boaster, labels).ece > 0.1


def test_the_worst_mistakes_are_the_surest_ones():
    probabilities = sure((1, 0.6), (2, 0.9), (3, 0.7), (4, 0.99))

    assert worst(probabilities, np.array([0, 0, 0, 4]), 2).tolist() == [1, 2]


def test_every_figure_has_a_name():
    found = figures(*answers(300, 2))

    assert {"auc_0", "auc_not_a_digit", "auc_mean", "ece", "review_at_error_0.0014", "review_at_error_0.01"} <= set(found)
    assert all(0 <= value <= 1 for value in found.values())
