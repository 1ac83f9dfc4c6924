"""Quarter turns of pictures, boxes and points, there and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digit_core.imaging.rotation import chained, quarters_of, to_lying, upright, upright_box
from digit_core.recognition.assembly import to_scan
from digit_core.records import Box

sides = st.integers(1, 60)
quarters = st.integers(0, 3)


@st.composite
def scans_with_boxes(draw: st.DrawFn) -> tuple[np.ndarray, Box]:
    width, height = draw(sides), draw(sides)
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    box = Box(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))
    pixels = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, (height, width), np.uint8)
    return pixels, box


def cut(pixels: np.ndarray, box: Box) -> np.ndarray:
    return pixels[box.y : box.bottom, box.x : box.right]


@given(scans_with_boxes(), quarters)
def test_a_box_turned_upright_and_back_is_the_box_and_holds_the_same_pixels(case: tuple[np.ndarray, Box], lying: int) -> None:
    pixels, box = case
    height, width = pixels.shape

    stood = upright_box(box, lying, width, height)

    assert to_scan([stood], to_lying(lying, width, height), width, height) == [box]
    np.testing.assert_array_equal(cut(upright(pixels, lying), stood), np.rot90(cut(pixels, box), lying))


@given(scans_with_boxes(), quarters)
def test_a_page_that_is_turned_and_lies_so_is_upright_again(case: tuple[np.ndarray, Box], lying: int) -> None:
    pixels, _ = case

    clockwise = np.rot90(pixels, -lying)

    np.testing.assert_array_equal(upright(clockwise, lying), pixels)


@given(quarters, st.floats(-6, 6))
def test_the_tilt_of_a_page_does_not_hide_how_it_lies(lying: int, tilt: float) -> None:
    assert quarters_of(90 * lying + tilt) == lying


@given(quarters, quarters, st.tuples(st.floats(0, 50), st.floats(0, 50)))
def test_two_turns_are_one(first: int, second: int, point: tuple[float, float]) -> None:
    inner, outer = to_lying(first, 40, 30), to_lying(second, 30, 40)
    x, y = inner @ [*point, 1]

    np.testing.assert_allclose(chained(outer, inner) @ [*point, 1], outer @ [x, y, 1], atol=1e-9)
