"""Pages with their numbers, out of the tables that are published."""

from __future__ import annotations

from digit_core.errors import FailureReason
from digit_core.exports.page_content import pages_of, xml_text
from digit_core.readings import PageRead, ReadBy, Reading, State
from digit_core.records import Box, Cell, CellState, PageFailure, PageRef
from digit_core.results.schema import batch_tables
from digit_core.review.corrections import Corrections
from digit_core.review.human_numbers import REVIEWED

BLANK = Reading(
    0, Box(5, 6, 30, 20), "", 1.0, State.ACCEPTED, (), cell=Cell("rain", "1", "Jan", CellState.BLANK, Box(5, 6, 30, 20))
)
DASH = Reading(
    0, Box(5, 36, 30, 20), "", 1.0, State.ACCEPTED, (), cell=Cell("rain", "2", "Jan", CellState.DASH, Box(5, 36, 30, 20))
)


def pages(*outcomes: PageRead | PageFailure):
    tables = batch_tables(outcomes, ReadBy("3", "1", "", "p", "r"))
    keys = [(outcome.ref.sha256, outcome.ref.index) for outcome in outcomes]
    return list(pages_of(tables["pages"], Corrections(REVIEWED.empty_table()).of_pages(tables["numbers"], keys)))


def read(uri: str, *readings: Reading, index: int = 0) -> PageRead:
    return PageRead(PageRef(uri, "v", "ab" * 32, index, 2), 400, 300, 300.0, 0.0, readings)


def test_each_page_has_its_own_numbers_and_counts_from_one() -> None:
    seven = Reading(0, Box(5, 6, 30, 20), "7", 0.97, State.ACCEPTED, ())

    one, two = pages(read("a.tif", seven), read("a.tif", index=1))

    assert [(page.number, [number.text for number in page.numbers]) for page in (one, two)] == [(1, ["7"]), (2, [])]


def test_a_quarantined_page_is_left_out() -> None:
    assert pages(PageFailure(PageRef("b.tif", "v", ""), FailureReason.TRUNCATED, "cut short")) == []


def test_a_dash_is_shown_and_a_blank_cell_is_empty() -> None:
    (page,) = pages(read("a.tif", BLANK, DASH))

    assert [(number.text, number.cell) for number in page.numbers] == [("", "blank"), ("–", "dash")]


def test_what_xml_cannot_hold_is_replaced() -> None:
    assert xml_text("a\x00b\ud800c\ufffe½") == "a\ufffdb\ufffdc\ufffd½"
