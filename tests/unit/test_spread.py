"""The two pages of a spread are read and judged apart, and published as one scan."""

import numpy as np
import pytest

from digit_core.dates import dates_on
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams, Spread
from digit_core.readings import PageRead, ReadBy, Reading, State
from digit_core.recognition.page_table import from_table, to_table
from digit_core.recognition.pipeline import PageReader
from digit_core.records import Box, Cell, CellState, Form, Grey, PageImage, PageRef
from digit_core.results.schema import batch_tables
from digit_core.spread import layout_names, layouts_by_side, read_together
from tests.support.drawn.forms import OTHER, DrawnForm
from tests.support.drawn.photos import as_spread

FORM = DrawnForm()
LEFT = FORM.filled({("1", "1"): "4061", ("2", "2"): "385", ("5", "3"): "72"})
RIGHT = FORM.filled({("1", "2"): "917", ("3", "4"): "2058"}, hand=5)
SCAN = as_spread(LEFT, RIGHT)
REF = PageRef("spread.png", "1", "ab" * 32)
READ_BY = ReadBy("1", "1", "none", "p", "r")
Numbers = dict[tuple[str, str, str], str]


@pytest.fixture(scope="module")
def networks() -> tuple[OnnxReader, OnnxRecogniser]:
    return OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped")


def reader(networks: tuple[OnnxReader, OnnxRecogniser], *layouts, spread: Spread = Spread.AUTO) -> PageReader:
    params = SegmentationParams(spread=spread)
    return PageReader(*networks, DecodeLimits(), params, ReviewPolicy(threshold=0.5), tuple(layouts))


def in_cells(read: PageRead) -> Numbers:
    return {(one.cell.zone, one.cell.row, one.cell.column): one.digits for one in read.readings if one.cell and one.digits}


def page_row(read: PageRead) -> dict:
    return batch_tables([read], READ_BY)["pages"].to_pylist()[0]


def test_each_page_of_a_spread_has_its_own_table_with_boxes_on_the_scan(networks) -> None:
    read = reader(networks).read(PageImage(SCAN), REF)

    assert in_cells(read) == {
        ("left table1", "1", "1"): "4061",
        ("left table1", "2", "2"): "385",
        ("left table1", "5", "3"): "72",
        ("right table1", "1", "2"): "917",
        ("right table1", "3", "4"): "2058",
    }
    assert read.right is not None
    assert read.right.gutter == pytest.approx(1000, abs=4)
    sides = [one.box.x >= read.right.gutter for one in read.readings]
    assert sides == [False] * read.right.first + [True] * (len(sides) - read.right.first)
    assert (read.width, read.height) == (2000, 1400)
    assert page_row(read)["gutter"] == read.right.gutter


def test_the_numbers_of_the_right_page_follow_in_lines_of_their_own(networks) -> None:
    read = reader(networks).read(PageImage(SCAN), REF)

    lines = [one.line for one in read.readings]
    assert lines == sorted(lines)
    assert read.right is not None
    assert lines[read.right.first] > lines[read.right.first - 1]


def test_a_layout_is_found_on_each_page(networks) -> None:
    read = reader(networks, FORM.layout()).read(PageImage(SCAN), REF)

    found = in_cells(read)
    assert found["left grid", "1", "1"] == "4061"
    assert found["right grid", "3", "4"] == "2058"
    assert (page_row(read)["layout"], page_row(read)["reason"]) == ("drawn", "")
    assert any(one.state is State.ACCEPTED for one in read.readings)


def test_two_forms_side_by_side_are_both_named(networks) -> None:
    right = OTHER.filled({("1", "2"): "917"})

    read = reader(networks, FORM.layout(), OTHER.layout()).read(PageImage(as_spread(LEFT, right)), REF)

    row = page_row(read)
    assert row["layout"] == "drawn + other"
    assert 0.65 <= row["layout_agreement"] <= 1
    assert in_cells(read)["right grid", "1", "2"] == "917"


def test_a_page_of_the_spread_that_no_layout_fits_is_named_and_goes_to_review_alone(networks) -> None:
    right = OTHER.filled({("1", "2"): "917"})

    read = reader(networks, FORM.layout()).read(PageImage(as_spread(LEFT, right)), REF)

    row = page_row(read)
    assert (row["layout"], row["reason"], row["message"]) == ("drawn", "layout not found", "right page: no layout fits")
    states = {one.digits: one.state for one in read.readings if one.digits}
    assert states["4061"] is State.ACCEPTED
    assert states["917"] is State.REVIEW


def test_a_layout_of_the_whole_spread_is_used_undivided(networks) -> None:
    columns = (*FORM.columns, *(1000 + x for x in FORM.columns))
    both = DrawnForm("both", width=2000, columns=columns, heads=())
    scan = np.minimum(as_spread(both.blank()[:, :1000], both.blank()[:, 1000:]), as_spread(LEFT, RIGHT))

    read = reader(networks, both.layout()).read(PageImage(scan), REF)

    assert read.right is None
    assert in_cells(read)["grid", "1", "1"] == "4061"
    assert page_row(read)["gutter"] is None


def test_a_spread_is_read_as_one_page_where_that_is_asked_for(networks) -> None:
    read = reader(networks, spread=Spread.NEVER).read(PageImage(SCAN), REF)

    assert read.right is None
    assert {one.digits for one in read.readings} >= {"4061", "2058"}


def test_a_blank_page_beside_a_written_one_keeps_nothing_back(networks) -> None:
    read = reader(networks).read(PageImage(as_spread(LEFT, np.full_like(LEFT, 238))), REF)

    assert read.clear
    assert page_row(read)["reason"] == ""
    assert read.right is not None
    assert read.right.first == len(read.readings) == 3


def test_a_spread_survives_the_way_from_detection_to_classification(networks) -> None:
    found = reader(networks, FORM.layout()).detect(PageImage(SCAN), REF)

    kept = from_table(to_table(found))

    assert kept.digits.right == found.digits.right
    assert kept.digits.form == found.digits.form
    assert reader(networks, FORM.layout()).classify(kept) == reader(networks, FORM.layout()).classify(found)


def test_the_dates_of_each_page_are_from_the_zones_of_that_page() -> None:
    def page(year: str) -> PageRead:
        def reading(text: str, cell: Cell, date_from: str = "") -> Reading:
            return Reading(0, cell.box, text, 1.0, State.ACCEPTED, (), text=text, cell=cell, date_from=date_from)

        box = Box(1, 2, 3, 4)
        zone = reading(year, Cell("year", "", "", CellState.NUMBER, box))
        number = reading("7", Cell("rain", "5", "Jan", CellState.NUMBER, box), "{year}-Jan-5")
        return PageRead(REF, 2000, 1400, 300.0, 0.0, (zone, number))

    both = read_together(page("1901"), page("1902"), 1000)

    assert list(dates_on(both)) == ["", "1901-01-05", "", "1902-01-05"]


def test_empty_pages_of_a_spread_are_no_error(networks) -> None:
    blank: Grey = np.full((1400, 1000), 238, np.uint8)

    read = reader(networks).read(PageImage(as_spread(blank, blank)), REF)

    assert read.readings == ()
    assert page_row(read)["reason"] == "no digits found"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("rain", "rain", (("rain", "left"), ("rain", "right"))),
        ("rain", "wind", (("rain", "left"), ("wind", "right"))),
        ("rain", "", (("rain", "left"), ("rain", "right"))),
        ("", "", ()),
    ],
)
def test_the_layout_of_each_page_is_told_from_the_published_name(left: str, right: str, expected) -> None:
    names = layout_names([Form(left, "1", 0.9), Form(right, "1", 0.9)])

    assert layouts_by_side(names, is_spread=True) == expected
    assert layouts_by_side("rain", is_spread=False) == (("rain", ""),)
