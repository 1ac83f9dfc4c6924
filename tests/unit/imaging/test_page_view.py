"""The pages on a scan as pictures of their own, and their boxes back on the scan."""

import numpy as np
import pytest

from digit_core.imaging.page_view import pages_of, straight_views
from digit_core.params import Spread
from digit_core.records import Box, PageImage
from tests.support.drawn.forms import DrawnForm
from tests.support.drawn.photos import as_spread, photographed

FORM = DrawnForm()
PAGE = FORM.blank()
SPREAD = PageImage(as_spread(PAGE[:, :900], PAGE), 300.0)


def test_a_flat_scan_is_its_own_view() -> None:
    scan = PageImage(PAGE)

    (view,) = straight_views(scan)

    assert view.image is scan
    assert view.boxes_on(scan, [Box(3, 4, 5, 6)]) == [Box(3, 4, 5, 6)]


def test_boxes_on_the_right_page_of_a_spread_are_on_the_scan_again() -> None:
    (view,) = straight_views(SPREAD)

    left, right = pages_of(view, Spread.AUTO)

    gutter = left.image.width
    assert gutter == pytest.approx(900, abs=4)
    assert right.image.width == SPREAD.width - gutter
    assert left.image.dpi == right.image.dpi == 300.0
    assert right.boxes_on(SPREAD, [Box(10, 20, 30, 40)]) == [Box(gutter + 10, 20, 30, 40)]
    assert left.boxes_on(SPREAD, [Box(10, 20, 30, 40)]) == [Box(10, 20, 30, 40)]


@pytest.mark.parametrize(("spread", "pages"), [(Spread.AUTO, 2), (Spread.NEVER, 1), (Spread.ALWAYS, 2)])
def test_the_setting_says_whether_a_spread_is_divided(spread: Spread, pages: int) -> None:
    (view,) = straight_views(SPREAD)

    assert len(pages_of(view, spread)) == pages


def test_a_single_page_is_divided_only_where_it_is_wide_and_that_is_asked_for() -> None:
    (wide,) = straight_views(PageImage(np.ascontiguousarray(np.rot90(PAGE))))
    (high,) = straight_views(PageImage(PAGE))

    assert [len(pages_of(wide, spread)) for spread in (Spread.AUTO, Spread.ALWAYS)] == [1, 2]
    assert [len(pages_of(high, spread)) for spread in (Spread.AUTO, Spread.ALWAYS)] == [1, 1]


def test_boxes_on_a_straightened_page_surround_the_same_ink_on_the_photograph() -> None:
    picture, to_picture = photographed(PAGE, 0.1)
    scan = PageImage(picture)
    view = straight_views(scan)[1]  # with the greater lengths, which this photograph keeps
    scale = np.array([FORM.width / view.image.width, FORM.height / view.image.height])
    cell = np.array([(250, 540), (410, 660)]) / scale

    (box,) = view.boxes_on(scan, [Box(*(int(side) for side in (*cell[0], *(cell[1] - cell[0]))))])

    corners = to_picture(np.array([(250, 540), (410, 540), (410, 660), (250, 660)], np.float64))
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert (box.x, box.y, box.right, box.bottom) == pytest.approx((*low, *high), abs=9)


def test_boxes_at_the_edge_of_a_straightened_page_stay_on_the_scan() -> None:
    picture, _ = photographed(PAGE, 0.1)
    scan = PageImage(picture)
    view = straight_views(scan)[0]

    boxes = view.boxes_on(scan, [Box(-400, -400, 10, 10), Box(view.image.width + 400, view.image.height + 400, 5, 5)])

    assert all(0 <= box.x < box.right <= scan.width and 0 <= box.y < box.bottom <= scan.height for box in boxes)
    assert view.boxes_on(scan, []) == []
