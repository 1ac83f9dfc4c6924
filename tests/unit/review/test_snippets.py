import cv2
import numpy as np
import pytest

from digit_core.imaging.rotation import to_lying
from digit_core.recognition.assembly import to_scan
from digit_core.records import Box, Grey
from digit_core.review.snippets import STRIP_HEIGHT, STRIP_WIDTH, crop, cut, strip


def paper(height: int = 400, width: int = 600) -> Grey:
    return np.full((height, width), 230, np.uint8)


def pixels(png: bytes) -> Grey:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


def test_a_crop_is_the_digit_in_the_scans_own_pixels_with_a_margin_of_a_quarter_of_its_height() -> None:
    page = paper()
    page[100:140, 200:220] = 30

    cropped = pixels(crop(page, Box(200, 100, 20, 40)))

    assert cropped.shape == (40 + 2 * 11, 20 + 2 * 11)
    assert (cropped[11:-11, 11:-11] == 30).all()
    assert (cropped[:11] == 230).all()


def test_a_crop_at_the_corner_of_the_page_ends_with_the_page() -> None:
    page = paper(60, 80)

    cropped = pixels(crop(page, Box(70, 50, 10, 10)))

    assert cropped.shape == (13, 13)


def test_a_strip_shows_six_digit_heights_on_each_side_of_the_number() -> None:
    page = paper()

    shown = pixels(strip(page, Box(260, 200, 15, 20), Box(250, 200, 60, 20)))

    assert shown.shape == (40, 60 + 2 * 120)


def test_a_strip_of_large_writing_is_scaled_down_to_what_fits_a_screen() -> None:
    page = paper(2000, 5000)

    shown = pixels(strip(page, Box(2000, 800, 200, 400), Box(1500, 800, 1200, 400)))

    assert shown.shape[0] <= STRIP_HEIGHT
    assert shown.shape[1] <= STRIP_WIDTH


def test_digits_of_one_number_share_their_strip_and_have_crops_of_their_own() -> None:
    page = paper()
    page[100:120, 100:110] = 0
    number = Box(100, 100, 40, 20)

    (first, second) = cut(page, [(Box(100, 100, 10, 20), number), (Box(125, 100, 15, 20), number)])

    assert first[1] == second[1]
    assert first[0] != second[0]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_of_a_page_that_lies_turned_people_see_the_same_as_of_one_that_lies_upright(quarters: int) -> None:
    page = np.random.default_rng(1).integers(0, 256, (300, 500), np.uint8)
    digit, number = Box(210, 100, 20, 40), Box(210, 90, 70, 55)
    lying = np.ascontiguousarray(np.rot90(page, -quarters))
    back = to_lying(quarters, *lying.shape[::-1])
    places = to_scan([digit, number], back, *lying.shape[::-1])

    assert cut(lying, [(places[0], places[1])], quarters) == cut(page, [(digit, number)])
