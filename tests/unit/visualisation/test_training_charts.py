"""Charts are PNG files that show what they are given. How they look was judged by eye."""

import cv2
import numpy as np
import pytest

from digit_core.visualisation import training_charts

HISTORY = [
    {"train_loss": 1 / epoch, "validation_loss": 1.2 / epoch, "train_accuracy": 0.9, "validation_accuracy": 0.8}
    for epoch in range(1, 6)
]


def answers(count, right):
    """Labels and answers of which the share `right` is right."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, count)
    given = np.where(rng.random(count) < right, labels, (labels + 1) % 10)
    probabilities = np.full((count, 11), 0.01, np.float32)
    probabilities[np.arange(count), given] = 0.9 - rng.random(count) * 0.3
    return probabilities / probabilities.sum(axis=1, keepdims=True), labels


def picture(data):
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, "no picture"
    return image


def test_a_training_gives_every_chart():
    probabilities, labels = answers(500, right=0.9)

    found = training_charts.training_charts(HISTORY, np.zeros((500, 28, 28), np.uint8), probabilities, labels, "cnn")

    assert set(found) == {
        "curves.png",
        "confusion.png",
        "roc.png",
        "calibration.png",
        "risk-coverage.png",
        "worst-mistakes.png",
    }
    assert all(picture(data).std() > 5 for data in found.values())


@pytest.mark.parametrize(
    "draw",
    [
        training_charts.confusion_matrix,
        training_charts.roc_curves,
        training_charts.reliability_diagram,
        training_charts.risk_coverage,
    ],
)
def test_a_chart_of_better_answers_is_another_chart(draw):
    good, bad = (draw(*answers(500, right), "title") for right in (0.99, 0.6))

    assert good != bad


def test_the_same_data_give_the_same_bytes():
    assert training_charts.curves(HISTORY, "cnn") == training_charts.curves(HISTORY, "cnn")


def test_a_model_without_mistakes_has_an_empty_sheet():
    probabilities, labels = answers(50, right=1.1)

    assert (
        picture(training_charts.worst_mistakes(np.zeros((50, 28, 28), np.uint8), probabilities, labels, "perfect")).shape[0] < 150
    )


def test_the_sheet_shows_the_surest_mistake_first():
    crops = np.zeros((2, 28, 28), np.uint8)
    crops[1] = 255
    probabilities = np.full((2, 11), 0.01, np.float32)
    probabilities[0, 3], probabilities[1, 3] = 0.6, 0.9

    sheet = picture(training_charts.worst_mistakes(crops, probabilities, np.array([1, 1]), ""))

    left, right = sheet[20:100, 20:90], sheet[20:100, 125:195]
    assert left.mean() < 60
    assert right.mean() > 200
