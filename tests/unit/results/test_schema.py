"""Readings become rows: flat, complete, and each with its provenance."""

from dataclasses import replace

from digit_core.errors import FailureReason
from digit_core.notation import Notation
from digit_core.readings import DigitReading, PageRead, ReadBy, Reading, State
from digit_core.records import NOT_A_DIGIT, Box, Cell, CellState, Form, PageFailure, PageRef
from digit_core.results.schema import SCHEMA_VERSION, TABLES, batch_tables

REF = PageRef("scans/a.png", "v1", "ab" * 32, 0, 2)
READ_BY = ReadBy("7", "1", "none", "abc", "run")
FIVE = DigitReading(Box(10, 20, 8, 16), ((5, 0.9), (3, 0.06), (8, 0.02)), State.REVIEW, "low confidence")
DASH = DigitReading(Box(20, 20, 8, 16), ((NOT_A_DIGIT, 0.99), (1, 0.01), (7, 0.0)), State.REJECTED)
PAGE = PageRead(REF, 600, 400, 300.0, 0.5, (Reading(3, Box(10, 20, 18, 16), "5", 0.9, State.REVIEW, (FIVE, DASH)),))
FAILED = PageFailure(PageRef("scans/b.png", "v1", ""), FailureReason.EMPTY, "the file is empty")


def test_every_page_has_a_row_read_or_quarantined_with_its_reason():
    pages = batch_tables([PAGE, FAILED], READ_BY)["pages"].to_pylist()

    assert [(row["file"], row["state"], row["reason"]) for row in pages] == [
        ("scans/a.png", "read", ""),
        ("scans/b.png", "quarantined", "empty file"),
    ]
    assert (pages[0]["number_count"], pages[0]["digit_count"], pages[0]["review_count"], pages[0]["page_count"]) == (1, 1, 1, 2)


def test_a_page_without_digits_says_so():
    (row,) = batch_tables([PageRead(REF, 600, 400, 0.0, 0.0, ())], READ_BY)["pages"].to_pylist()

    assert (row["state"], row["reason"]) == ("read", "no digits found")


def test_a_digit_keeps_its_box_its_three_guesses_and_its_place_in_the_number():
    tables = batch_tables([PAGE], READ_BY)
    (number,), (five, dash) = tables["numbers"].to_pylist(), tables["digits"].to_pylist()

    assert (five["x"], five["y"], five["w"], five["h"]) == (10, 20, 8, 16)
    assert (five["digit1"], five["digit2"], five["digit3"]) == ("5", "3", "8")
    assert (dash["digit"], dash["state"], dash["place"]) == ("", "rejected", 1)
    assert five["number_id"] == dash["number_id"] == number["number_id"] == REF.digit_id(Box(10, 20, 18, 16))
    assert (number["digits"], number["line"], number["position"]) == ("5", 3, 0)


def test_every_row_names_what_it_was_read_by():
    for table in batch_tables([PAGE, FAILED], READ_BY).values():
        for row in table.to_pylist():
            assert (row["model_version"], row["algorithm_version"], row["params"], row["run_id"]) == ("7", "1", "abc", "run")


def test_an_empty_batch_still_has_the_schema_and_its_version():
    for name, table in batch_tables([], READ_BY).items():
        assert table.schema.equals(TABLES[name], check_metadata=True)
        assert table.schema.metadata[b"digits.schema_version"] == SCHEMA_VERSION.encode()


def test_a_number_says_how_it_was_written_and_whether_it_is_print():
    reading = replace(PAGE.readings[0], text=".5-", printed=0.25)

    (number,) = batch_tables([replace(PAGE, readings=(reading,))], READ_BY)["numbers"].to_pylist()

    assert (number["text"], number["printed"]) == (".5-", 0.25)


def test_a_number_says_what_the_second_reader_reads_and_nothing_where_it_was_not_asked():
    readings = tuple(replace(PAGE.readings[0], second=second) for second in ("5", "58", None))

    numbers = batch_tables([replace(PAGE, readings=readings)], READ_BY)["numbers"].to_pylist()

    assert [(number["second_digits"], number["agreed"]) for number in numbers] == [("5", True), ("58", False), (None, None)]


def test_a_number_in_a_cell_says_where_it_stands_what_it_is_worth_and_what_the_sums_say():
    cell = Cell("rain", "Jan", "1900", CellState.OVERWRITTEN, Box(0, 0, 90, 40))
    reading = replace(
        PAGE.readings[0], digits="045", text="-0.45", cell=cell, notation=Notation(decimals=2), checks="agrees: total"
    )

    (number,) = batch_tables([replace(PAGE, readings=(reading,))], READ_BY)["numbers"].to_pylist()

    assert [number[name] for name in ("zone", "row", "column", "cell")] == ["rain", "Jan", "1900", "overwritten"]
    assert (number["value"], number["decimals"], number["checks"]) == (-0.45, 2, "agrees: total")


def test_a_number_outside_of_cells_has_empty_names_and_its_digits_are_its_value():
    (number,) = batch_tables([PAGE], READ_BY)["numbers"].to_pylist()

    assert [number[name] for name in ("zone", "row", "column", "cell", "checks")] == [""] * 5
    assert (number["value"], number["decimals"]) == (5.0, None)


def test_a_blank_cell_is_a_row_without_digits_or_value_and_asks_nobody():
    blank = Reading(0, Box(0, 0, 90, 40), "", 1.0, State.ACCEPTED, (), cell=Cell("z", "", "", CellState.BLANK, Box(0, 0, 90, 40)))

    tables = batch_tables([replace(PAGE, readings=(blank,))], READ_BY)

    (number,), (page,) = tables["numbers"].to_pylist(), tables["pages"].to_pylist()
    assert (number["digits"], number["value"], number["cell"], number["zone"]) == ("", None, "blank", "z")
    assert (page["number_count"], page["digit_count"], page["review_count"], tables["digits"].num_rows) == (0, 0, 0, 0)


def test_a_page_names_the_layout_it_was_read_by_and_one_that_none_fits_says_so():
    by_form, by_none, doubted = (
        batch_tables([replace(PAGE, form=form)], READ_BY)["pages"].to_pylist()[0]
        for form in (Form("rainfall", "abc", 0.875), Form("", "", 0.0), Form("rainfall", "abc", 0.875, "a row more"))
    )

    assert (by_form["layout"], by_form["layout_agreement"], by_form["reason"]) == ("rainfall", 0.875, "")
    assert (by_none["layout"], by_none["layout_agreement"], by_none["reason"]) == ("", 0.0, "layout not found")
    assert (doubted["layout"], doubted["reason"], doubted["message"]) == ("rainfall", "layout may lie off", "a row more")
