"""Where the page lies on its picture, on pictures drawn by hand."""

import cv2
import numpy as np
import pytest

from digit_core.imaging.page_frame import OF_PAGE, OF_STRIP, find_page


def written_page(width: int = 600, height: int = 500, paper: int = 225) -> np.ndarray:
    page = np.full((height, width), paper, np.uint8)
    for y in range(60, height - 20, 50):
        for x in range(30, width - 80, 110):
            cv2.putText(page, "1847", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 40, 2)
    return page


def on_dark(page: np.ndarray, left: int, top: int, right: int, bottom: int, grey: int = 12, noise: float = 2.0) -> np.ndarray:
    height, width = page.shape
    picture = np.random.default_rng(1).normal(grey, noise, (top + height + bottom, left + width + right))
    picture[top : top + height, left : left + width] = page
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sides", [(300, 250, 280, 260), (700, 0, 600, 0), (400, 0, 0, 0), (0, 0, 300, 250), (0, 160, 0, 0)])
@pytest.mark.parametrize("grey", [0, 12, 45, 90])
def test_a_page_is_found_within_a_surround_whatever_its_width_and_grey(sides: tuple[int, int, int, int], grey: int):
    picture = on_dark(written_page(), *sides, grey=grey, noise=0.05 * grey)

    frame = find_page(picture, OF_PAGE)

    assert frame is not None
    box = frame.box(picture.shape)
    assert (box.x, box.y, box.w, box.h) == pytest.approx((sides[0], sides[1], 600, 500), abs=20)


def test_a_page_that_lies_askew_keeps_its_corners_and_loses_the_wedges_beside_them():
    picture = on_dark(written_page(), 200, 200, 200, 200)
    turn = cv2.getRotationMatrix2D((500, 450), 4, 1)
    picture = cv2.warpAffine(picture, turn, (1000, 900), borderValue=12)

    frame = find_page(picture, OF_PAGE)

    assert frame is not None
    outside = frame.mask(picture.shape)
    assert outside[2, 2] == outside[-3, -3] == 255
    assert outside[outside.shape[0] // 2, outside.shape[1] // 2] == 0


@pytest.mark.parametrize("light", [0.2, 0.3, 0.5])
def test_half_a_page_in_a_shadow_is_page_and_no_surround(light: float):
    page = written_page(900, 700)
    shaded = (page * np.where(np.arange(900) < 450, light, 1.0)).astype(np.uint8)

    assert find_page(shaded, OF_PAGE) is None


def test_light_ink_on_a_black_page_is_no_paper_in_a_surround():
    assert find_page(255 - written_page(), OF_PAGE) is None


@pytest.mark.parametrize("written", [0.1, 0.5])
def test_light_ink_on_part_of_a_black_page_is_no_paper_either(written: float):
    page = np.full((900, 700), 225, np.uint8)
    part = written_page(700, 900)
    rows = int(900 * written)
    page[:rows] = part[:rows]

    assert find_page(255 - page, OF_PAGE) is None


def test_a_page_that_fills_its_picture_is_left_as_it_is():
    assert find_page(written_page(), OF_PAGE) is None
    assert find_page(np.full((400, 300), 200, np.uint8), OF_PAGE) is None


def test_a_gutter_beside_a_tall_cell_is_cut_off():
    cell = np.full((180, 90), 200, np.uint8)
    cv2.putText(cell, "31", (25, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 60, 2)
    picture = on_dark(cell, 50, 0, 0, 0)

    frame = find_page(picture, OF_STRIP)

    assert frame is not None
    assert frame.box(picture.shape).x == pytest.approx(50, abs=4)


def test_a_thick_figure_that_touches_the_edge_of_its_strip_is_ink():
    strip = np.full((60, 100), 220, np.uint8)
    cv2.line(strip, (20, 0), (20, 59), 30, 8)
    cv2.ellipse(strip, (70, 30), (16, 28), 0, 0, 360, 30, 9)

    assert find_page(strip, OF_STRIP) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (3, 20000), (40, 3)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_picture_without_a_page_has_no_frame(shape: tuple[int, int], grey: int):
    for kind in (OF_PAGE, OF_STRIP):
        assert find_page(np.full(shape, grey, np.uint8), kind) is None
