"""Proposed tables: rows and columns of names are left out, and the numbers among them are names."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.imaging.line_detection import line_maps
from digit_core.layouts.authoring import level_page
from digit_core.layouts.form_groups import grouped
from digit_core.layouts.registration import fit
from digit_core.layouts.tables.content import NumberSeen
from digit_core.layouts.tables.detection import ruled_tables
from digit_core.layouts.tables.names import named
from digit_core.layouts.template import Area, Grid
from digit_core.records import Grey, PageImage
from tests.support.drawn.forms import OTHER, PRINT, DrawnForm, prepared, write_in
from tests.support.drawn.registers import register

FORM = DrawnForm()


def seen(row: int, column: int, digits: str, printed: float = 0.0) -> NumberSeen:
    """A number in the middle of a cell of the form, counted from 0."""
    x = (FORM.columns[column] + FORM.columns[column + 1]) / 2
    y = (FORM.rows[row] + FORM.rows[row + 1]) / 2
    return NumberSeen((x - 20, y - 22, x + 20, y + 22), digits, printed)


def page_of(written: list[NumberSeen]) -> Grey:
    page = FORM.blank()
    for one in written:
        left, top, right, bottom = one.box
        write_in(page, Area(left, top, right - left, bottom - top), one.digits, height=40)
    return page


def words(page: Grey, row: int, column: int) -> None:
    place = FORM.columns[column] + 15, FORM.rows[row] + 75
    cv2.putText(page, "Total", place, cv2.FONT_HERSHEY_COMPLEX, 1.1, PRINT, 2)


def proposed(page: Grey, written: list[NumberSeen]) -> Grid:
    maps = line_maps(prepared(page).darkness)
    return named(ruled_tables(maps)[0], maps, written)


NUMBERS = [seen(row, column, "47") for row in range(1, 8) for column in range(1, 5)]
DAYS = [seen(row, 0, str(row), printed=0.9) for row in range(1, 8)]
YEARS = [seen(0, column, str(1899 + column), printed=0.9) for column in range(1, 5)]


def test_printed_days_and_years_are_names_and_no_cells() -> None:
    grid = proposed(page_of([*NUMBERS, *DAYS, *YEARS]), [*NUMBERS, *DAYS, *YEARS])

    assert grid.rows.names == ("1", "2", "3", "4", "5", "6", "7")
    assert grid.columns.names == ("1900", "1901", "1902", "1903")
    assert grid.rows.edges == pytest.approx(FORM.rows[1:], abs=3)
    assert grid.columns.edges == pytest.approx(FORM.columns[1:], abs=3)


def test_a_name_that_was_misread_or_missed_is_told_by_the_others() -> None:
    days = [seen(row, 0, "9" if row == 4 else str(row), printed=0.9) for row in range(2, 8)]

    grid = proposed(page_of([*NUMBERS, *days]), [*NUMBERS, *days])

    assert grid.rows.names[-7:] == ("1", "2", "3", "4", "5", "6", "7")


def test_words_are_names_that_cannot_be_read() -> None:
    page = page_of(NUMBERS)
    for row in range(8):
        words(page, row, 0)
    for column in range(5):
        words(page, 0, column)

    grid = proposed(page, NUMBERS)

    assert (grid.rows.names, grid.columns.names) == (("1", "2", "3", "4", "5", "6", "7"), ("1", "2", "3", "4"))


def test_a_column_of_words_between_others_is_skipped() -> None:
    written = [one for one in NUMBERS if not FORM.columns[2] < one.middle[0] < FORM.columns[3]]
    page = page_of([*written, *DAYS, *YEARS])
    for row in range(1, 8):
        words(page, row, 2)

    grid = proposed(page, [*written, *DAYS, *YEARS])

    assert grid.skip_columns == ("1901",)
    assert {place.column for place, _ in grid.cells()} == {"1900", "1902", "1903"}


def test_an_empty_form_keeps_all_its_cells() -> None:
    grid = proposed(FORM.blank(), [])

    assert (len(grid.rows.names), len(grid.columns.names)) == (8, 5)


def test_numbers_that_do_not_go_up_by_one_are_no_names() -> None:
    written = [seen(row, column, str(17 * row % 90)) for row in range(8) for column in range(5)]

    grid = proposed(page_of(written), written)

    assert (len(grid.rows.names), len(grid.columns.names)) == (8, 5)


@pytest.mark.parametrize("dots", [(6, 2), (12, 3), (24, 16), (50, 30)])
def test_a_form_is_found_on_pages_where_its_rulings_are_dotted_and_the_other_way_round(dots: tuple[int, int]) -> None:
    solid, dotted = register(1), replace(register(1), dots=dots)
    for one, other in ((solid, dotted), (dotted, solid)):
        page = level_page(PageImage(one.filled(1, 0.5)))[0]
        layout = replace(solid.layout(), lines=page.lines)

        found = fit(layout, line_maps(prepared(other.filled(2, 0.5)).darkness))

        assert found.sure, found.doubt


def test_a_table_ruled_by_columns_alone_gets_its_rows_from_the_writing() -> None:
    form = register(2, ruled=False)

    grid = ruled_tables(line_maps(prepared(form.filled(2, 0.9)).darkness))[0]

    assert abs(len(grid.rows.names) - len(form.rows)) <= 1  # with the head


def test_pages_are_grouped_by_their_form_whatever_is_written_in_them() -> None:
    pages = [FORM.filled({("2", "2"): "31"}), OTHER.blank(), FORM.filled({("4", "1"): "7"}), np.full((900, 700), 240, np.uint8)]
    write_in(pages[1], OTHER.layout().cells()[next(iter(OTHER.layout().cells()))], "5")

    found = grouped((f"page {i}", level_page(PageImage(page))[0]) for i, page in enumerate(pages))

    assert [form.names for form in found.forms] == [("page 0", "page 2"), ("page 1",)]
    assert [form.layout.name for form in found.forms] == ["form1", "form2"]
    assert found.without == ("page 3",)
