"""Where the digits of a known text stand, told by what a detector says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digit_core.inference.network_spec import PLAIN
from digit_core.training.detector.self_labels import SeenPicture, area_of, marks_of, places_of, unexplained

NOTHING = len(PLAIN.characters)


def _cells(*peaks: tuple[str, int, int], rows: int = 10, columns: int = 40, score: float = 8.0) -> NDArray[np.float32]:
    """Cells of nothing, but for the characters at (row, column); boxes reach 12 pixels to each side."""
    cells = np.zeros((rows, columns, NOTHING + 6), np.float32)
    cells[..., NOTHING] = 5.0
    cells[..., NOTHING + 1 : NOTHING + 5] = np.log(12 / 8)
    for character, row, column in peaks:
        cells[row, column, PLAIN.characters.index(character)] = score
        cells[row, column, NOTHING] = 0.0
    return cells


def _seen(*peaks: tuple[str, int, int], score: float = 8.0) -> SeenPicture:
    return SeenPicture.of(_cells(*peaks, score=score), PLAIN)


EVERYWHERE = np.ones((10, 40), np.uint8)


def test_each_digit_of_the_text_gets_the_place_where_it_is_seen() -> None:
    places = places_of(_seen(("3", 5, 6), ("4", 5, 12), ("7", 4, 18)), "347", EVERYWHERE)
    assert places is not None
    assert [place.character for place in places] == ["3", "4", "7"]
    assert [(place.left + place.right) / 2 for place in places] == pytest.approx([26, 50, 74])


def test_digits_that_the_text_does_not_have_are_passed_over() -> None:
    places = places_of(_seen(("3", 5, 6), ("1", 5, 12), ("7", 4, 18)), "37", EVERYWHERE)
    assert places is not None
    assert [(place.left + place.right) / 2 for place in places] == pytest.approx([26, 74])


def test_one_figure_is_not_two_digits_of_a_repetition() -> None:
    assert places_of(_seen(("0", 5, 6), ("0", 5, 7)), "00", EVERYWHERE) is None


def test_a_text_of_which_a_digit_is_nowhere_seen_has_no_places() -> None:
    assert places_of(_seen(("3", 5, 6), ("7", 4, 18)), "347", EVERYWHERE) is None


def test_what_stands_outside_the_outline_is_not_taken() -> None:
    inside = area_of(np.array([[0, 0], [60, 0], [60, 40], [0, 40]], np.float32), (10, 40))
    assert places_of(_seen(("3", 5, 30)), "3", inside) is None


def test_what_is_known_of_the_place_decides_between_equals() -> None:
    expected = -0.5 * np.square((np.arange(40) - 30) / 5.0)[None]
    places = places_of(_seen(("3", 5, 6), ("3", 5, 29)), "3", EVERYWHERE, expected)
    assert places is not None
    assert (places[0].left + places[0].right) / 2 == pytest.approx(118)


def test_a_digit_that_the_text_does_not_explain_is_left_open() -> None:
    seen = _seen(("3", 5, 6), ("1", 5, 20))
    places = places_of(seen, "3", EVERYWHERE)
    assert places is not None
    open_ = unexplained(seen, places, EVERYWHERE)
    assert open_[5, 20]
    assert not open_[5, 6]


def test_a_point_that_is_seen_between_its_digits_has_a_place() -> None:
    seen = _seen(("2", 5, 6), (".", 6, 10), ("5", 5, 14))
    places = places_of(seen, "25", EVERYWHERE)
    assert places is not None
    marks, open_ = marks_of(seen, "2,5", places, np.zeros((40, 160), np.uint8))
    assert [(mark.character, (mark.left + mark.right) / 2) for mark in marks] == [(",", 42)]
    assert not open_.any()


def test_where_a_point_stands_that_is_not_seen_nothing_is_asked() -> None:
    seen = _seen(("2", 5, 6), ("5", 5, 14))
    places = places_of(seen, "25", EVERYWHERE)
    assert places is not None
    marks, open_ = marks_of(seen, "2.5", places, np.zeros((40, 160), np.uint8))
    assert marks == ()
    assert open_[5, 10]


def test_a_point_that_the_detector_does_not_see_is_found_by_its_ink() -> None:
    seen = _seen(("2", 5, 6), ("5", 5, 16))
    pixels = np.zeros((40, 160), np.uint8)
    pixels[12:32, 20:32] = pixels[12:32, 60:72] = 200
    pixels[29:32, 44:47] = 200
    places = places_of(seen, "25", EVERYWHERE)
    assert places is not None
    marks, open_ = marks_of(seen, "2.5", places, pixels)
    assert [(m.character, m.left, m.top, m.right, m.bottom) for m in marks] == [(".", 44, 29, 47, 32)]
    assert not open_.any()
