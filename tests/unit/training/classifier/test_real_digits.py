"""The digits that the classifier learns from number sets."""

import numpy as np
import pytest

from digit_core.imaging.digit_crop import FITTED
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.training.classifier.real_digits import digits_of
from digit_core.training.number_sets import LabelledNumber
from tests.support.drawn.number_set import drawn_picture

READER = OnnxReader()
STROKE = (np.array([[0, 0], [0, 30]], np.float32),)


def picture(text: str, shown: str | None = None) -> LabelledNumber:
    return LabelledNumber(text, "hand", drawn_picture(shown or text), None)


def cut(*rows: LabelledNumber) -> tuple[np.ndarray, np.ndarray]:
    return digits_of(rows, READER, np.random.default_rng(0))


def test_the_digits_of_a_picture_are_cut_out_in_the_order_of_its_text():
    images, labels = cut(picture("438"), picture("60"))

    assert labels.tolist() == [4, 3, 8, 6, 0]
    assert OnnxRecogniser(SHIPPED_MODEL, "")(images).argmax(axis=1).tolist() == labels.tolist()


def test_marks_are_no_digits():
    _, labels = cut(picture("43.8"))

    assert labels.tolist() == [4, 3, 8]


def test_a_picture_in_which_other_digits_are_found_than_its_text_has_gives_none():
    images, labels = cut(picture("4380", shown="438"), picture("27"))

    assert labels.tolist() == [2, 7]
    assert len(images) == 2


def test_strokes_of_a_digit_are_inked_in_the_frame_of_mnist():
    images, labels = cut(LabelledNumber("1", "hand", None, STROKE))

    rows, columns = np.nonzero(images[0])
    assert labels.tolist() == [1]
    assert np.ptp(rows) + 1 == FITTED
    assert columns.mean() == pytest.approx(13.5, abs=1)


def test_strokes_of_several_digits_are_left_out_because_nothing_tells_them_apart():
    images, labels = cut(LabelledNumber("11", "hand", None, STROKE * 2))

    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)
