from dataclasses import replace

import pytest

from digit_core.errors import InputError
from digit_core.layouts.authoring import level_page, proposed, relaid
from digit_core.layouts.template import Area, Zone
from digit_core.records import PageImage
from tests.support.drawn import ruled_form

SECOND = ruled_form.with_totals([[418, 27, 95], [60, 131, 8], [309, 14, 72], [52, 83, 261]])


def level(pixels):
    return level_page(PageImage(pixels))[0]


@pytest.fixture(scope="module")
def form():
    """The empty form as a layout, with a zone as well."""
    layout = proposed(level(ruled_form.ruled_page()), "form")
    return replace(layout, zones=(ZONE,))


ZONE = Zone("station", Area(300, 130, 120, 40))


def test_the_pages_own_table_is_proposed_where_it_is_ruled(form):
    (grid,) = form.grids

    assert grid.columns.edges == pytest.approx([ruled_form.LEFT + n * ruled_form.COLUMN for n in range(4)], abs=2)
    assert grid.rows.edges == pytest.approx([ruled_form.TOP + n * ruled_form.ROW for n in range(6)], abs=2)
    assert (form.width, form.height) == (ruled_form.WIDTH, ruled_form.HEIGHT)


def test_a_page_without_a_ruled_table_says_where_to_draw():
    page = level(ruled_form.ruled_page()[:300])

    with pytest.raises(InputError, match="digits review serve"):
        proposed(page, "form")


@pytest.mark.parametrize(("turn", "shift"), [(0.0, (30, -20)), (2.0, (0, 0)), (-1.5, (-20, 25))])
def test_a_layout_goes_with_its_form_to_another_page(form, turn, shift):
    page = level(ruled_form.ruled_page(SECOND, turn, shift))

    moved = relaid(form, page)

    own = proposed(page, "form").grids[0]
    assert moved.grids[0].columns.edges == pytest.approx(own.columns.edges, abs=4)
    assert moved.grids[0].rows.edges == pytest.approx(own.rows.edges, abs=4)
    assert moved.zones[0].box.x - moved.grids[0].columns.edges[0] == pytest.approx(300 - ruled_form.LEFT, abs=8)
    assert (moved.zones[0].box.w, moved.zones[0].box.h) == pytest.approx((120, 40), abs=3)
    assert (moved.width, moved.height, moved.lines) == (page.width, page.height, page.lines)


def test_on_its_own_page_nothing_moves(form):
    assert relaid(form, level(ruled_form.ruled_page())) == form


def test_on_a_page_of_another_form_it_is_refused(form):
    with pytest.raises(InputError, match="not the form of layout form"):
        relaid(form, level(ruled_form.other_form()))
