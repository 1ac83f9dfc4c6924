"""Ink becomes digits and number strings, on ink drawn by hand."""

import cv2
import numpy as np

from digit_core.components import Glyph, Shape, classify_shape, find_components, is_dash, join_broken
from digit_core.params import SegmentationParams
from digit_core.preprocess import PreparedPage
from digit_core.records import Box
from digit_core.segment import segment, segment_strip

PARAMS = SegmentationParams()


def page(ink: np.ndarray, rulings_v: np.ndarray | None = None, darkness: np.ndarray | None = None) -> PreparedPage:
    dark = ink.copy() if darkness is None else darkness
    return PreparedPage(dark, ink, np.zeros_like(ink) if rulings_v is None else rulings_v, np.eye(2, 3), 0.0)


def canvas(height: int = 200, width: int = 600) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def write(ink: np.ndarray, text: str, x: int, y: int = 120, scale: float = 1.6) -> None:
    cv2.putText(ink, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 4)


def strings(ink: np.ndarray, **kwargs: np.ndarray) -> list[int]:
    found = segment(page(ink, **kwargs), PARAMS)
    return [len(string.boxes) for string in sorted(found, key=lambda s: s.boxes[0].x)]


def test_three_digits_close_together_are_one_number():
    ink = canvas()
    write(ink, "358", 50)

    assert strings(ink) == [3]


def test_a_wide_gap_parts_two_numbers():
    ink = canvas()
    write(ink, "35", 50)
    write(ink, "82", 300)

    assert strings(ink) == [2, 2]


def test_a_decimal_dot_in_a_wide_gap_holds_a_number_together():
    ink = canvas()
    write(ink, "3", 50)
    write(ink, "82", 130)
    assert strings(ink) == [1, 2]

    cv2.circle(ink, (97, 116), 5, 255, -1)
    assert strings(ink) == [3]


def test_a_vertical_ruling_parts_two_numbers_that_nearly_touch():
    ink = canvas()
    write(ink, "35", 50)
    write(ink, "82", 126)
    rulings = canvas()
    rulings[:, 122:124] = 255
    darkness = np.maximum(ink, rulings)

    assert strings(ink) == [4]
    assert strings(ink, rulings_v=rulings, darkness=darkness) == [2, 2]


def test_a_faint_ruling_that_was_never_binarised_parts_them_too():
    ink = canvas()
    write(ink, "35", 50)
    write(ink, "82", 126)
    darkness = ink.copy()
    darkness[:, 122] = np.maximum(darkness[:, 122], 25)

    assert strings(ink, darkness=darkness) == [2, 2]


def test_numbers_on_two_lines_are_two_numbers():
    ink = canvas(300)
    write(ink, "35", 50, y=100)
    write(ink, "82", 50, y=220)

    assert len(segment(page(ink), PARAMS)) == 2


def test_specks_dashes_and_blots_are_no_digits():
    ink = canvas()
    ink[50, 50] = 255
    ink[100:106, 100:180] = 255
    cv2.circle(ink, (300, 100), 40, 255, -1)

    assert segment(page(ink), PARAMS) == []


def test_a_tilted_dash_is_a_dash_and_a_tilted_seven_is_not():
    dash, seven = canvas(), canvas()
    cv2.line(dash, (100, 110), (180, 92), 255, 7)
    cv2.polylines(seven, [np.array([[100, 60], [150, 62], [110, 130]])], False, 255, 5)

    for ink, expected in ((dash, True), (seven, False)):
        (glyph,), labels = find_components(ink, ink, PARAMS)
        assert is_dash(glyph, labels) is expected


def test_ink_without_a_dark_core_is_a_shadow():
    ink = canvas()
    write(ink, "5", 50)
    pale = np.where(ink > 0, 50, 0).astype(np.uint8)

    glyphs, _ = find_components(ink, pale, PARAMS)

    assert glyphs == []


def test_a_tall_thin_remnant_of_a_ruling_is_no_one():
    assert classify_shape(Glyph(Box(0, 0, 3, 80), (1,), 240), PARAMS) is Shape.OTHER
    assert classify_shape(Glyph(Box(0, 0, 9, 60), (1,), 500), PARAMS) is Shape.DIGIT


def test_the_loose_flag_of_a_five_is_joined_to_its_body():
    body, flag = Glyph(Box(100, 60, 30, 40), (1,), 300), Glyph(Box(104, 50, 30, 7), (2,), 150)
    other = Glyph(Box(160, 50, 30, 50), (3,), 400)

    joined = join_broken([body, flag, other])

    assert sorted(glyph.labels for glyph in joined) == [(1, 2), (3,)]


def test_digits_of_two_lines_are_never_joined():
    upper, lower = Glyph(Box(100, 50, 30, 50), (1,), 400), Glyph(Box(100, 104, 30, 50), (2,), 400)

    assert len(join_broken([upper, lower])) == 2


def test_touching_digits_are_cut_apart_near_where_they_touch():
    ink = canvas()
    cv2.ellipse(ink, (80, 100), (20, 30), 0, 0, 360, 255, 5)
    cv2.ellipse(ink, (122, 100), (20, 30), 0, 0, 360, 255, 5)

    (string,) = segment(page(ink), PARAMS)

    assert len(string.boxes) == 2
    assert abs(string.boxes[0].right - 101) <= 4


def test_the_ink_of_a_digit_is_free_of_its_neighbours_ink():
    ink = canvas()
    cv2.line(ink, (60, 140), (110, 60), 255, 5)  # leans over the next
    cv2.line(ink, (100, 140), (150, 60), 255, 5)

    (string,) = segment(page(ink), PARAMS)

    for part in string.inks:
        count, *_ = cv2.connectedComponents((part > 0).astype(np.uint8))
        assert count == 2  # paper and one stroke


def test_a_strip_is_one_number_whatever_its_gaps():
    ink = canvas()
    write(ink, "3", 30)
    write(ink, "5", 200)
    write(ink, "8", 480)

    (string,) = segment_strip(page(ink), PARAMS)

    assert len(string.boxes) == 3
    assert [box.x for box in string.boxes] == sorted(box.x for box in string.boxes)


def test_an_empty_strip_holds_no_number():
    assert segment_strip(page(canvas()), PARAMS) == []
