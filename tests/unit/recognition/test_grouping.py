"""Which digits stand together as one number, on boxes and rulings drawn by hand."""

import numpy as np

from digit_core.imaging.prepare import PreparedPage
from digit_core.params import SegmentationParams
from digit_core.recognition.grouping import beside_strokes, group_strings, sharing_a_mark
from digit_core.records import Box

PARAMS = SegmentationParams()


def page(darkness: np.ndarray | None = None, rulings_v: np.ndarray | None = None) -> PreparedPage:
    bare = np.zeros((300, 600), np.uint8)
    return PreparedPage(bare if darkness is None else darkness, bare, bare if rulings_v is None else rulings_v, np.eye(2, 3), 0.0)


def digit(x: int, y: int = 100) -> Box:
    return Box(x, y, 22, 36)


def lengths(digits: list[Box], marks: tuple[Box, ...] = (), **kwargs: np.ndarray) -> list[int]:
    return [len(string) for string in sorted(group_strings(digits, marks, page(**kwargs), PARAMS), key=lambda s: digits[s[0]].x)]


def test_digits_close_together_are_one_number_from_left_to_right():
    digits = [digit(110), digit(50), digit(80)]

    assert group_strings(digits, (), page(), PARAMS) == [[1, 2, 0]]


def test_a_wide_gap_parts_two_numbers():
    assert lengths([digit(50), digit(80), digit(300), digit(330)]) == [2, 2]


def test_a_decimal_point_in_a_wide_gap_holds_a_number_together():
    digits = [digit(50), digit(118), digit(148)]
    assert lengths(digits) == [1, 2]

    assert lengths(digits, (Box(84, 130, 5, 5),)) == [3]


def test_a_point_close_to_the_next_number_is_the_point_it_begins_with():
    assert lengths([digit(50), digit(118)], (Box(110, 130, 5, 5),)) == [1, 1]


def test_a_vertical_ruling_parts_two_numbers_that_nearly_touch():
    rulings = np.zeros((300, 600), np.uint8)
    rulings[:, 106:108] = 255

    digits = [digit(50), digit(80), digit(112), digit(142)]
    assert lengths(digits) == [4]
    assert lengths(digits, rulings_v=rulings, darkness=rulings) == [2, 2]


def test_a_faint_ruling_that_was_never_binarised_parts_them_too():
    darkness = np.zeros((300, 600), np.uint8)
    darkness[:, 106] = 25

    assert lengths([digit(50), digit(80), digit(112)], darkness=darkness) == [2, 1]


def test_numbers_on_two_lines_are_two_numbers():
    assert lengths([digit(50), digit(80), digit(50, 160), digit(80, 160)]) == [2, 2]


def test_digits_that_lean_over_each_other_are_one_number():
    assert lengths([Box(50, 100, 30, 36), Box(70, 98, 30, 40)]) == [2]


def test_no_digits_are_no_numbers():
    assert group_strings([], (), page(), PARAMS) == []


def test_grey_paper_between_two_digits_is_no_ruling_and_a_ruling_on_it_is():
    grey = np.random.default_rng(2).normal(26, 3, (300, 600)).clip(0, 255).astype(np.uint8)
    digits = [digit(50), digit(80), digit(112)]

    assert lengths(digits, darkness=grey) == [3]

    grey[:, 106] += 30
    assert lengths(digits, darkness=grey) == [2, 1]


def test_two_numbers_that_were_both_read_with_the_point_between_them_are_one():
    digits = [digit(50), digit(96), digit(126)]
    strings = [[0], [1, 2]]

    assert sharing_a_mark(strings, ["3.", ".75"], digits, PARAMS) == [(0, 1)]
    assert sharing_a_mark(strings, ["3", ".75"], digits, PARAMS) == []
    assert sharing_a_mark(strings, ["3.", "75"], digits, PARAMS) == []


def test_a_point_far_away_or_on_another_line_is_not_shared():
    strings = [[0], [1]]

    assert sharing_a_mark(strings, ["3.", ".7"], [digit(50), digit(120)], PARAMS) == []
    assert sharing_a_mark(strings, ["3.", ".7"], [digit(50), digit(96, y=130)], PARAMS) == []


def test_of_three_numbers_in_a_row_no_digit_is_used_twice():
    digits = [digit(50), digit(96), digit(142)]

    assert sharing_a_mark([[0], [1], [2]], ["3.", ".7.", ".5"], digits, PARAMS) == [(0, 1)]


def test_two_numbers_that_nearly_touch_may_be_one_date_where_one_has_a_stroke():
    strings, digits = [[0], [1, 2]], [digit(50), digit(76), digit(110)]

    assert beside_strokes(strings, ["2", "2/6"], digits) == [(0, 1)]
    assert beside_strokes(strings, ["2/", "26"], digits) == [(0, 1)]
    assert beside_strokes(strings, ["2", "26"], digits) == []


def test_numbers_that_stand_apart_or_on_other_lines_are_no_parts_of_a_date():
    assert beside_strokes([[0], [1]], ["2", "2/6"], [digit(50), digit(85)]) == []
    assert beside_strokes([[0], [1]], ["2", "2/6"], [digit(50), digit(76, y=130)]) == []
