"""The line of a number may slope; ink that continues it is shown to the strip reader."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.imaging.prepare import Original, PreparedPage
from digit_core.inference.network_spec import NOTHING
from digit_core.recognition.detections import Characters
from digit_core.recognition.transcription.slope import ink_beside, levelled, main_line, slope_of


def digits_at(*corners: tuple[float, float], height: float = 30) -> Characters:
    """Digits 20 wide with these upper left corners, all equally clear."""
    boxes = np.array([(x, y, x + 20, y + height) for x, y in corners], np.float32)
    probabilities = np.zeros((len(boxes), NOTHING + 1), np.float32)
    probabilities[:, 3], probabilities[:, NOTHING] = 0.9, 0.1
    return Characters(boxes, probabilities, np.zeros(len(boxes), np.float32))


@pytest.mark.parametrize("slope", [-0.35, -0.2, 0.2, 0.35])
def test_the_slope_of_eight_digits_is_found(slope: float) -> None:
    found = digits_at(*((30.0 * i, 200 + slope * 30 * i) for i in range(8)))

    assert slope_of(found) == pytest.approx(slope, abs=0.08)
    assert len(main_line(found, slope_of(found))) == 8


def test_a_level_line_stays_level_though_its_digits_dance() -> None:
    assert slope_of(digits_at(*((30.0 * i, 200 + 5 * (-1) ** i) for i in range(8)))) == 0.0


def test_one_digit_that_a_level_line_leaves_out_is_enough_for_a_slope() -> None:
    found = digits_at(*((25.0 * i, 100.0 + fall) for i, fall in enumerate((0, 1, 3, 6, 9, 10, 12, 21))), height=24)

    assert len(main_line(found)) == 7
    assert slope_of(found) == pytest.approx(0.1, abs=0.03)
    assert len(main_line(found, slope_of(found))) == 8


def test_two_digits_have_no_slope() -> None:
    assert slope_of(digits_at((0, 100), (30, 112))) == 0.0


def test_a_second_line_below_makes_no_slope() -> None:
    found = digits_at(*((30.0 * i, 100) for i in range(4)), *((30.0 * i, 150) for i in range(4)))

    assert slope_of(found) == 0.0
    assert len(main_line(found)) == 4


def test_a_levelled_page_maps_its_pixels_back_to_the_scan() -> None:
    darkness = np.zeros((100, 300), np.uint8)
    darkness[78:82, 248:252] = 255
    page = PreparedPage(darkness, darkness, np.zeros_like(darkness), np.eye(2, 3), 0.0, Original(~darkness, np.eye(2, 3)))

    level = levelled(page, 0.2)

    rows, columns = np.nonzero(level.darkness > 128)
    x, y = level.to_scan @ (columns.mean(), rows.mean(), 1)
    assert (x, y) == pytest.approx((249.5, 79.5), abs=1)
    assert rows.mean() == pytest.approx(79.5 - 0.2 * 249.5 + 60, abs=1)


def inked(*boxes: tuple[int, int, int, int]) -> PreparedPage:
    ink = np.zeros((100, 400), np.uint8)
    for left, top, right, bottom in boxes:
        ink[top:bottom, left:right] = 255
    return PreparedPage(ink, ink, np.zeros_like(ink), np.eye(2, 3), 0.0)


FOUND = digits_at((150, 40), (180, 40))


def test_ink_that_continues_the_line_is_found_on_both_sides_step_by_step() -> None:
    page = inked((150, 40, 170, 70), (180, 40, 200, 70), (220, 42, 240, 70), (260, 40, 280, 70), (110, 41, 130, 70))

    assert sorted(ink_beside(page, FOUND)[:, 0].tolist()) == [110, 220, 260]


def test_specks_ink_far_away_ink_of_other_lines_and_neighbours_cut_by_the_edge_are_left_out() -> None:
    page = inked((215, 60, 222, 66), (330, 40, 350, 70), (120, 75, 140, 99), (0, 40, 148, 70))

    assert len(ink_beside(page, FOUND)) == 0
