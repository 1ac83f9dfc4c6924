"""Ink beside a number that may be a digit of it, and ink that is none."""

import numpy as np
import pytest

from digit_core.recognition.transcription.partial import may_be_part

NUMBER = np.array([[100, 50, 125, 90], [130, 50, 155, 90]], np.float32)  # two digits 40 pixels high


def page(*marks: tuple[int, int, int, int]) -> np.ndarray:
    """The number, and marks given by left, top, right, bottom."""
    ink = np.zeros((160, 400), np.uint8)
    for left, top, right, bottom in [*NUMBER.astype(int).tolist(), *marks]:
        ink[top:bottom, left:right] = 255
    return ink


@pytest.mark.parametrize(
    "mark",
    [(65, 50, 90, 90), (162, 52, 185, 92), (80, 66, 97, 90), (78, 30, 88, 95)],
    ids=["before it", "behind it", "low", "a tall stroke"],
)
def test_ink_as_tall_as_a_digit_close_beside_a_number_may_belong_to_it(mark: tuple[int, int, int, int]) -> None:
    assert may_be_part(page(mark), NUMBER)


@pytest.mark.parametrize(
    "mark",
    [(30, 50, 60, 90), (162, 84, 168, 90), (160, 30, 163, 130), (162, 95, 185, 135), (85, 5, 95, 125)],
    ids=["far away", "a point", "a ruling", "on the next line", "through three lines"],
)
def test_other_ink_does_not(mark: tuple[int, int, int, int]) -> None:
    assert not may_be_part(page(mark), NUMBER)


def test_a_number_alone_is_whole_even_at_the_edge_of_the_page() -> None:
    assert not may_be_part(page(), NUMBER)
    assert not may_be_part(page()[45:95, 98:158], NUMBER - [98, 45, 98, 45])
