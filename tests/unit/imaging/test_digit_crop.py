"""A digit's ink, brought into MNIST's frame."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digit_core.imaging.digit_crop import mnist_crop, mnist_crops


def bar(height: int, width: int) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


def extent(crop: np.ndarray) -> tuple[int, int]:
    ys, xs = np.nonzero(crop > 127)
    return int(ys.max() - ys.min() + 1), int(xs.max() - xs.min() + 1)


def test_the_longer_side_becomes_twenty_pixels_and_the_aspect_is_kept():
    assert extent(mnist_crop(bar(80, 40))) == (20, 10)
    assert extent(mnist_crop(bar(30, 60))) == (10, 20)


def test_a_small_digit_is_enlarged():
    assert extent(mnist_crop(bar(10, 5))) == (20, 10)


def test_the_centre_of_mass_comes_to_the_middle_and_not_the_centre_of_the_box():
    ink = np.zeros((40, 40), np.uint8)
    ink[:, :10] = 255  # heavy on the left
    ink[0, :] = 255

    crop = mnist_crop(ink).astype(float)

    mass_x = (crop.sum(axis=0) @ np.arange(28)) / crop.sum()
    assert abs(mass_x - 13.5) <= 0.5 or np.nonzero(crop.max(axis=0))[0].max() == 27


def test_faint_ink_reaches_full_white_as_mnist_does():
    assert mnist_crop(bar(40, 20) // 4).max() == 255


def test_no_ink_gives_an_empty_crop():
    assert not mnist_crop(np.zeros((12, 7), np.uint8)).any()


def test_shrinking_is_anti_aliased():
    diagonal = np.tri(100, dtype=np.uint8) * 255

    crop = mnist_crop(diagonal)

    assert ((crop > 0) & (crop < 255)).any()


def test_many_crops_are_the_same_as_each_alone():
    inks = [bar(80, 40), bar(10, 30)]

    crops = mnist_crops(inks)

    assert crops.shape == (2, 28, 28)
    np.testing.assert_array_equal(crops[1], mnist_crop(inks[1]))


def test_no_digits_give_no_crops():
    assert mnist_crops([]).shape == (0, 28, 28)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_any_ink_lands_inside_the_frame(height: int, width: int, seed: int):
    ink = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)

    crop = mnist_crop(ink)

    assert crop.shape == (28, 28)
    ys, xs = np.nonzero(crop)
    assert len(ys) == 0 or (ys.max() - ys.min() < 20 and xs.max() - xs.min() < 20)
