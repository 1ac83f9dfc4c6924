"""Two pages on a scan are told by the gutter between them, and by nothing that is printed, folded or dark elsewhere."""

import cv2
import numpy as np
import pytest

from digit_core.imaging.gutter import find_gutter
from tests.support.drawn.forms import DrawnForm
from tests.support.drawn.photos import as_spread

PAGE = DrawnForm().blank()
WIDE = DrawnForm("wide", width=1600, height=1000, rows=(100, 300, 500, 700, 900), columns=(60, 400, 800, 1200, 1540)).blank()


@pytest.mark.parametrize("gutter", [0.004, 0.02, 0.05])
def test_a_gutter_is_found_where_it_is(gutter: float) -> None:
    assert find_gutter(as_spread(PAGE, PAGE, gutter), plain=True) == pytest.approx(1000, abs=4)


@pytest.mark.parametrize("tilt", [-1.5, -0.7, 0.7, 1.5])
def test_a_gutter_is_found_on_a_scan_that_lies_askew(tilt: float) -> None:
    spread = as_spread(PAGE, PAGE)
    height, width = spread.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1)
    spread = cv2.warpAffine(spread, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)

    assert find_gutter(spread, plain=True) == pytest.approx(1000, abs=20)


def test_a_gutter_beside_the_middle_is_found() -> None:
    assert find_gutter(as_spread(PAGE[:, :850], PAGE), plain=True) == pytest.approx(850, abs=4)


@pytest.mark.parametrize("width", [2, 6, 12])
def test_a_ruling_in_the_middle_is_no_gutter(width: int) -> None:
    page = WIDE.copy()
    cv2.line(page, (800, 60), (800, 940), 20, width)

    assert find_gutter(page, plain=True) is None


def test_a_ruling_from_edge_to_edge_is_too_thin_for_a_gutter() -> None:
    page = WIDE.copy()
    page[:, 798:802] = 20

    assert find_gutter(page, plain=True) is None


def test_a_fold_is_lighter_than_a_gutter() -> None:
    away = np.abs(np.arange(1600) - 800) / 40
    folded = (WIDE * np.clip(0.8 + 0.2 * away, None, 1)).astype(np.uint8)

    assert find_gutter(folded, plain=True) is None


def test_a_page_between_dark_surrounds_has_no_gutter() -> None:
    framed = cv2.copyMakeBorder(PAGE, 0, 0, 700, 700, cv2.BORDER_CONSTANT, value=15)

    assert find_gutter(framed, plain=True) is None


def test_the_slice_of_a_neighbouring_page_is_no_page() -> None:
    assert find_gutter(as_spread(WIDE, np.ascontiguousarray(WIDE[:, :120])), plain=True) is None


def test_light_ink_on_black_has_no_gutter() -> None:
    assert find_gutter(255 - WIDE, plain=True) is None


def test_a_scan_that_is_higher_than_wide_is_never_divided() -> None:
    assert find_gutter(PAGE, plain=True) is None
    assert find_gutter(PAGE, plain=False) is None


def test_a_wide_scan_without_a_gutter_is_divided_in_its_middle_where_that_is_asked_for() -> None:
    assert find_gutter(WIDE, plain=False) == 800
    assert find_gutter(as_spread(PAGE[:, :850], PAGE), plain=False) == pytest.approx(850, abs=4)
