"""Never a row or a column off: another printing of a form is refused or found where its rows are, and never in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.imaging.line_detection import line_maps
from digit_core.layouts.registration import best_fit, fit
from digit_core.records import Grey
from tests.support.drawn.forms import as_jpeg, prepared, scaled, shifted, turned
from tests.support.drawn.printings import (
    ALONG,
    DOWN,
    Printing,
    as_it_is,
    cells_off,
    in_its_frame,
    layout_of,
    moved_away,
    with_twice,
    without,
)
from tests.support.drawn.registers import Register

ROWS = tuple(range(300, 1501, 75))
COLUMNS = tuple(range(180, 1081, 150))
FORM, BARE = Register(ROWS, COLUMNS), Register(ROWS, COLUMNS, ruled=False)
LAYOUT, BARE_LAYOUT = FORM.layout(), BARE.layout()

WAYS: dict[str, Callable[[Grey, int, tuple[int, ...], int], Printing]] = {
    "without it": without,
    "with it twice": with_twice,
    "without it, as large as before": lambda page, axis, edges, i: in_its_frame(page, axis, edges, i, more=False),
    "with it twice, as large as before": lambda page, axis, edges, i: in_its_frame(page, axis, edges, i, more=True),
}


@pytest.fixture(scope="module")
def ruled() -> Grey:
    return FORM.filled(3)


@pytest.fixture(scope="module")
def bare() -> Grey:
    return BARE.filled(4, share=0.9)


def maps_of(page: Grey):
    return line_maps(prepared(page).darkness)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("axis", "edges", "i"), [(DOWN, ROWS, 0), (DOWN, ROWS, 7), (DOWN, ROWS, 15), (ALONG, COLUMNS, 0), (ALONG, COLUMNS, 5)]
)
def test_a_printing_with_a_row_or_a_column_more_or_fewer_is_never_found_a_row_off(
    way: str, axis: int, edges: tuple[int, ...], i: int, ruled: Grey
) -> None:
    printing = WAYS[way](ruled, axis, edges, i)

    found = best_fit([LAYOUT], maps_of(printing.page))

    assert found is None or not cells_off(found, printing)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("i", [0, 6, 12])
@pytest.mark.parametrize("title", [(120, 150), (150,), (160,), (90, 167)])
def test_a_head_as_high_as_a_row_under_a_title_as_far_away_hides_no_row(title: tuple[int, ...], i: int, way: str) -> None:
    """A row off, the head of the page lies on the title of the form."""
    rows, columns = tuple(range(300, 1211, 70)), tuple(range(210, 1011, 200))
    form = Register(rows, columns, head=70, names=120, title=title)
    printing = WAYS[way](form.filled(5, share=1.0), DOWN, rows, i)

    found = best_fit([form.layout()], maps_of(printing.page))

    assert found is None or not cells_off(found, printing)


@pytest.mark.parametrize("way", ["without it, as large as before", "with it twice, as large as before"])
def test_where_no_lines_part_the_rows_the_writing_tells_how_many_there_are(way: str, bare: Grey) -> None:
    printing = WAYS[way](bare, DOWN, ROWS, 7)

    found = fit(BARE_LAYOUT, maps_of(printing.page))

    assert not found.sure
    assert "the writing has 1" in found.doubt


def test_rows_that_no_lines_part_are_moved_to_where_the_writing_is(bare: Grey) -> None:
    high = replace(BARE_LAYOUT, grids=tuple(_higher(grid, 16) for grid in BARE_LAYOUT.grids))

    found = fit(high, maps_of(bare))

    assert found.sure
    moved = np.array([area.y for area in found.cells().values()]) - [area.y for area in high.cells().values()]
    assert moved == pytest.approx(16, abs=8)
    assert found.layout is high


def test_rows_whose_edges_cut_through_the_middle_of_the_writing_are_refused(bare: Grey) -> None:
    half = replace(BARE_LAYOUT, grids=tuple(_higher(grid, 36) for grid in BARE_LAYOUT.grids))

    found = fit(half, maps_of(bare))

    assert not found.sure
    assert "cut through the writing" in found.doubt


def _higher(grid, by: float):
    return replace(grid, rows=replace(grid.rows, edges=tuple(edge - by for edge in grid.rows.edges)))


@pytest.mark.parametrize(
    "change",
    [
        lambda page: turned(page, 2),
        lambda page: scaled(page, 0.6),
        lambda page: shifted(page, 0.02),
        lambda page: as_jpeg(page, 40),
    ],
)
def test_the_form_s_own_page_is_found_however_it_was_scanned(change: Callable, ruled: Grey, bare: Grey) -> None:
    for page, layout in ((ruled, LAYOUT), (bare, BARE_LAYOUT)):
        printing = as_it_is(page).scanned(change)

        found = best_fit([layout], maps_of(printing.page))

        assert found is not None
        assert not cells_off(found, printing)


def test_folds_and_strokes_of_a_pen_across_the_table_do_not_lose_the_form(ruled: Grey) -> None:
    page = ruled.copy()
    cv2.line(page, (0, 915), (1240, 920), 150, 3)
    cv2.line(page, (560, 0), (562, 1754), 150, 3)

    assert best_fit([LAYOUT], maps_of(page)) is not None


@pytest.mark.parametrize(("axis", "edges"), [(DOWN, ROWS), (ALONG, COLUMNS)])
def test_of_two_versions_of_a_form_each_page_has_its_own(axis: int, edges: tuple[int, ...], ruled: Grey) -> None:
    version = with_twice(ruled, axis, edges, 3)
    longer = layout_of(version, LAYOUT, axis, more=3)

    for layouts in ([LAYOUT, longer], [longer, LAYOUT]):
        ours, theirs = best_fit(layouts, maps_of(ruled)), best_fit(layouts, maps_of(version.page))

        assert ours is not None
        assert theirs is not None
        assert (ours.layout, theirs.layout) == (LAYOUT, longer)


def test_a_table_that_was_moved_under_its_head_is_never_found_a_row_off(ruled: Grey) -> None:
    for rows in (-1.0, -0.5, 0.5, 1.0):
        printing = moved_away(ruled, DOWN, ROWS, rows)

        found = best_fit([LAYOUT], maps_of(printing.page))

        assert found is None or not cells_off(found, printing)
