"""Reading in the cells of a form, with the reader that ships: each number lands in its cell, and what is odd goes to a person."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.inference.reader import OnnxReader
from digit_core.layouts.template import Area, Axis, Check, Grid, Holds, Layout, Mark, Place, Rule
from digit_core.params import ReviewPolicy, SegmentationParams
from digit_core.readings import PageRead, ReadBy, Reading, State
from digit_core.recognition.acceptance import judge
from digit_core.recognition.assembly import in_tables
from digit_core.recognition.cells import cell_at
from digit_core.recognition.pipeline import find_digits
from digit_core.records import CellState, Form, Grey, PageDigits, PageFound, PageImage, PageRef
from digit_core.results.schema import batch_tables
from tests.support.drawn.forms import OTHER, DrawnForm, turned, write_in

PARAMS, POLICY = SegmentationParams(), ReviewPolicy(threshold=0.6, audit_share=0.0)
FORM = DrawnForm(height=1000, rows=(300, 420, 540, 660, 780, 900))
LAYOUT = FORM.layout(Holds(digits=(1, 4), marks=(Mark.DASH,)))
NUMBERS = {("1", "1"): "358", ("1", "3"): "2047", ("2", "2"): "61", ("3", "5"): "799", ("5", "4"): "5"}
REF = PageRef("scans/a.png", "v1", "ab" * 32)
READ_BY = ReadBy("1", "1", "form", "params", "run")


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return OnnxReader()


def found_in(page: Grey, reader: OnnxReader, *layouts: Layout) -> PageDigits:
    return find_digits(PageImage(page), PARAMS, reader, layouts)


def judged(digits: PageDigits, page: Grey, *layouts: Layout) -> PageRead:
    """As the reader sees it: the classifier has no opinion."""
    undecided = np.full((len(digits.crops), 11), 1 / 11, np.float32)
    return judge(PageFound(REF, page.shape[1], page.shape[0], 300.0, digits), undecided, POLICY, layouts)


def by_cell(page: PageRead) -> dict[tuple[str, str], Reading]:
    return {(one.cell.row, one.cell.column): one for one in page.readings if one.cell}


@pytest.fixture(scope="module")
def filled(reader: OnnxReader) -> tuple[Grey, PageDigits]:
    """A form with some numbers, a dash and an empty rest, and what was found in it."""
    page = FORM.filled(NUMBERS)
    cv2.line(page, (470, 600), (520, 600), 60, 5)  # 3/3
    return page, found_in(page, reader, LAYOUT)


def test_every_cell_has_its_own_entry_with_what_stands_in_it(filled: tuple[Grey, PageDigits]) -> None:
    page, digits = filled

    cells = by_cell(judged(digits, page, LAYOUT))

    assert len(cells) == len(digits.numbers) == 25
    assert {where: one.digits for where, one in cells.items() if one.digits} == NUMBERS
    assert {where: one.cell.state for where, one in cells.items() if one.cell and where in NUMBERS} == dict.fromkeys(
        NUMBERS, CellState.NUMBER
    )
    assert cells["3", "3"].cell.state is CellState.DASH
    assert cells["4", "4"].cell.state is CellState.BLANK


def test_a_blank_that_the_form_does_not_allow_goes_to_a_person_and_an_allowed_dash_does_not(
    filled: tuple[Grey, PageDigits],
) -> None:
    page, digits = filled

    cells = by_cell(judged(digits, page, LAYOUT))

    blank, dash = cells["4", "4"], cells["3", "3"]
    assert (blank.state, [part.reason for part in blank.parts], blank.value) == (State.REVIEW, ["rule broken"], None)
    assert (dash.state, dash.parts, dash.value) == (State.ACCEPTED, (), None)
    assert blank.parts[0].box.w > 100


def test_the_page_names_the_form_and_its_rows_say_where_each_number_stands(filled: tuple[Grey, PageDigits]) -> None:
    page, digits = filled

    tables = {name: table.to_pylist() for name, table in batch_tables([judged(digits, page, LAYOUT)], READ_BY).items()}

    (row,) = tables["pages"]
    assert (row["layout"], row["reason"], row["number_count"]) == ("drawn", "", 5)
    assert row["layout_agreement"] > 0.8
    one = next(number for number in tables["numbers"] if number["digits"] == "2047")
    assert (one["zone"], one["row"], one["column"], one["cell"], one["value"]) == ("grid", "1", "3", "number", 2047.0)
    assert 410 < one["x"] < 570
    assert 300 < one["y"] < 420


def test_numbers_of_a_turned_page_land_in_the_same_cells(reader: OnnxReader) -> None:
    page, _ = turned(FORM.filled(NUMBERS), 2)

    cells = by_cell(judged(found_in(page, reader, LAYOUT), page, LAYOUT))

    assert {where: one.digits for where, one in cells.items() if one.digits} == NUMBERS


SUMMED = replace(LAYOUT, checks=(Check(Rule.TOTAL, ("1", "2", "3", "4"), "5", "grid"),))


@pytest.mark.parametrize(("more", "reason"), [(0, ""), (3333, "layout may lie off")])
def test_a_page_whose_totals_do_not_come_out_goes_to_a_person_as_a_whole_and_says_why(
    more: int, reason: str, reader: OnnxReader
) -> None:
    numbers = {(str(row), str(column)): str(11 * row + 7 * column) for row in range(1, 5) for column in range(1, 6)}
    totals = {("5", str(c)): str(more + sum(int(numbers[str(r), str(c)]) for r in range(1, 5))) for c in range(1, 6)}
    page = FORM.filled(numbers | totals)

    read = judged(found_in(page, reader, SUMMED), page, SUMMED)

    (row,) = batch_tables([read], READ_BY)["pages"].to_pylist()
    assert row["reason"] == reason
    assert any(one.state is State.ACCEPTED for one in read.readings) == (not reason)


RUNNING = replace(LAYOUT, checks=(Check(Rule.RUNNING, ("1",), "2", "grid"),))


def test_running_totals_on_a_page_are_checked_row_by_row_and_a_break_goes_to_a_person(reader: OnnxReader) -> None:
    added, sums = ("35", "61", "40", "27", "52"), ("35", "96", "136", "700", "752")
    numbers = {
        (str(row), column): text for column, texts in (("1", added), ("2", sums)) for row, text in enumerate(texts, start=1)
    }
    page = FORM.filled(numbers)

    read = judged(found_in(page, reader, RUNNING), page, RUNNING)

    cells = by_cell(read)
    assert {place: cells[place].digits for place in numbers} == numbers
    assert cells["2", "2"].checks == "agrees: running of 2, running of 3"
    assert "breaks: running of 4" in cells["4", "2"].checks
    assert [row for row in "12345" if cells[row, "2"].state is State.REVIEW] == ["3", "4"]
    assert cells["5", "1"].state is State.ACCEPTED


def test_a_page_on_which_the_form_may_lie_a_row_off_has_no_number_under_its_rows(reader: OnnxReader) -> None:
    longer = DrawnForm(height=1120, rows=(*FORM.rows, 1020))
    page = longer.filled(NUMBERS)

    read = judged(found_in(page, reader, LAYOUT), page, LAYOUT)

    (row,) = batch_tables([read], READ_BY)["pages"].to_pylist()
    assert row["layout"] == ""
    assert all(one.state is State.REVIEW for one in read.readings)


def test_a_number_across_the_edge_of_its_cell_belongs_to_the_cell_of_each_digit_s_middle(reader: OnnxReader) -> None:
    page = FORM.blank()
    write_in(page, Area(90, 340, 130, 60), "358")
    write_in(page, Area(90, 490, 160, 90), "61")  # hangs over the ruling below

    cells = by_cell(judged(found_in(page, reader, LAYOUT), page, LAYOUT))

    assert cells["1", "1"].digits == "358"
    assert cells["2", "1"].digits == "61"
    assert not cells["3", "1"].digits


def test_a_page_that_no_layout_fits_has_nothing_accepted_and_says_why(reader: OnnxReader) -> None:
    page = OTHER.blank()
    write_in(page, Area(180, 340, 440, 360), "358")

    digits = found_in(page, reader, LAYOUT)
    read = judged(digits, page, LAYOUT)

    assert digits.form == Form("", "", 0.0)
    assert [one.digits for one in read.readings] == ["358"]
    assert {one.state for one in read.readings} == {State.REVIEW}
    (row,) = batch_tables([read], READ_BY)["pages"].to_pylist()
    assert (row["layout"], row["reason"], row["layout_agreement"]) == ("", "layout not found", 0.0)


def test_without_a_layout_a_ruled_table_gives_its_cells_their_numbers(reader: OnnxReader) -> None:
    page = FORM.filled(NUMBERS)

    digits = found_in(page, reader)
    read = judged(digits, page)

    assert digits.form is None
    assert {(one.cell.zone, one.cell.row, one.cell.column): one.digits for one in read.readings if one.cell} == {
        ("table1", *where): text for where, text in NUMBERS.items()
    }
    assert all(one.cell.state is CellState.NUMBER for one in read.readings if one.cell)


@pytest.mark.parametrize("shade", [0, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (50, 50)])
def test_blank_pages_of_any_shape_are_refused_and_break_nothing(reader: OnnxReader, shape: tuple[int, int], shade: int) -> None:
    digits = found_in(np.full(shape, shade, np.uint8), reader, LAYOUT)

    assert digits.numbers == ()
    assert digits.form == Form("", "", 0.0)


def test_points_are_in_the_first_area_that_holds_them_with_its_left_and_upper_edge() -> None:
    areas = {Place("a"): Area(0, 0, 10, 10), Place("b"): Area(5, 0, 10, 10)}
    points = np.array([(0, 0), (9.9, 9.9), (10, 5), (5, 5), (20, 5), (-1, 5), (3, 10)], np.float64)

    assert cell_at(points, areas).tolist() == [0, 0, 1, 0, -1, -1, -1]
    assert cell_at(np.empty((0, 2)), areas).tolist() == []
    assert cell_at(points, {}).tolist() == [-1] * 7


def test_numbers_outside_of_all_tables_have_no_cell(reader: OnnxReader) -> None:
    assert in_tables([], [Grid("t", Axis(("1",), (0, 9)), Axis(("1",), (0, 9)))]) == []
    page = FORM.filled({("1", "1"): "358"})
    write_in(page, Area(500, 10, 300, 90), "47")

    read = judged(found_in(page, reader), page)

    assert [(one.digits, one.cell is None) for one in read.readings] == [("47", True), ("358", False)]


def test_the_layout_of_another_version_is_not_taken_for_the_one_that_the_page_was_read_by(
    filled: tuple[Grey, PageDigits],
) -> None:
    page, digits = filled
    other = replace(LAYOUT, name="other")

    read = judged(digits, page, other)

    assert all(one.decimals is None for one in read.readings)
    assert sorted(one.digits for one in read.readings) == sorted(NUMBERS.values())
