"""Digits in archive ink: still the same digits, in many hands."""

import cv2
import numpy as np
import pytest

from digit_core.records import NOT_A_DIGIT
from digit_core.synthesis.augmentation import archive_digit, archive_digits
from digit_core.synthesis.non_digits import stranger


def drawn(label: int) -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    return cv2.putText(image, str(label), (6, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)


IMAGES = np.stack([drawn(label) for label in range(10)] * 20)
LABELS = np.arange(10).repeat(1).tolist() * 20


def test_the_same_seed_gives_the_same_digits_and_another_gives_others():
    first, second, other = (archive_digits(IMAGES, np.array(LABELS), np.random.default_rng(seed))[0] for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_every_digit_keeps_its_label_and_strangers_come_in_their_share():
    crops, classes = archive_digits(IMAGES, np.array(LABELS), np.random.default_rng(1), strangers=0.25)

    assert crops.shape == IMAGES.shape
    assert 0.15 < (classes == NOT_A_DIGIT).mean() < 0.35
    assert set(classes) == set(range(11))


def test_untouched_digits_are_mnists_own():
    crops, classes = archive_digits(IMAGES, np.array(LABELS), np.random.default_rng(1), strangers=0, untouched=1)

    np.testing.assert_array_equal(crops, IMAGES[classes])


@pytest.mark.parametrize("label", range(10))
def test_a_redrawn_digit_has_ink_and_differs_from_the_original(label: int):
    rng = np.random.default_rng(label)

    redrawn = [archive_digit(drawn(label), label, drawn(3), rng) for _ in range(30)]

    assert all(crop.max() > 100 for crop in redrawn)
    assert len({crop.tobytes() for crop in redrawn}) == 30


def test_strangers_have_ink_and_vary():
    rng = np.random.default_rng(5)

    strangers = [stranger(IMAGES, rng) for _ in range(200)]

    assert all(crop.max() > 60 for crop in strangers)
    assert len({crop.tobytes() for crop in strangers}) > 150
