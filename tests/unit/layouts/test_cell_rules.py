"""What a form says of a cell: how many digits, where the point stands, which sign, which range, and which marks."""

from __future__ import annotations

import pytest

from digit_core.layouts.cell_rules import broken_rule, by_form
from digit_core.layouts.template import DecimalMark, Holds, Mark, Place
from digit_core.notation import DateOrder, NumberKind
from digit_core.readings import Reason, State, as_written
from digit_core.records import CellState
from tests.support.readings import nothing_in, read_as, unread

CELL = Place("sheet", "1", "rain")


@pytest.mark.parametrize(
    ("digits", "text", "holds", "broken"),
    [
        ("123", "123", Holds(digits=(2, 3)), False),
        ("1", "1", Holds(digits=(2, 3)), True),
        ("1234", "1234", Holds(digits=(2, 3)), True),
        ("123", "1.23", Holds(decimals=2), False),
        ("123", "12.3", Holds(decimals=2), True),
        ("123", "123", Holds(decimals=2), False),
        ("123", "1.2.3", Holds(decimals=1), False),
        ("123", "123", Holds(least=100, most=200), False),
        ("099", "099", Holds(least=100), True),
        ("201", "201", Holds(most=200), True),
        ("201", "201", Holds(decimals=2, most=2), True),
        ("201", "201", Holds(decimals=2, most=2.01), False),
        ("5", "-5", Holds(sign=True, least=-5), False),
        ("6", "-6", Holds(sign=True, least=-5), True),
        ("6", "-6", Holds(least=-7, most=6), True),
        ("6", "+6", Holds(), True),
        ("6", "+6", Holds(sign=True), False),
        ("1234", "1,234", Holds(decimal_mark=DecimalMark.POINT, least=1000), False),
        ("1234", "1,234", Holds(decimal_mark=DecimalMark.COMMA, least=1000), True),
        ("125", "12.5", Holds(decimal_mark=DecimalMark.COMMA, kinds=(NumberKind.DECIMAL,)), True),
        ("125", "12,5", Holds(kinds=(NumberKind.INTEGER,)), True),
        ("2011944", "20/1/1944", Holds(kinds=(NumberKind.DATE,)), False),
        ("1201944", "1/20/1944", Holds(kinds=(NumberKind.DATE,), date_order=DateOrder.DMY), True),
        ("2011944", "2011944", Holds(kinds=(NumberKind.DATE,)), True),
        ("18", "18¾", Holds(most=18.75), False),
        ("18", "18¾", Holds(most=18.5), True),
        ("", "", Holds(digits=(2, 3)), False),
    ],
)
def test_a_number_that_its_cell_cannot_hold_breaks_a_rule(digits: str, text: str, holds: Holds, broken: bool) -> None:
    assert broken_rule(digits, text, CellState.NUMBER, holds) == (Reason.RULE_BROKEN if broken else "")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (CellState.STRUCK_OUT, Reason.STRUCK_OUT),
        (CellState.OVERWRITTEN, Reason.OVERWRITTEN),
        (CellState.ILLEGIBLE, Reason.NOT_READ),
        (CellState.NUMBER, ""),
        (CellState.DASH, ""),
    ],
)
def test_what_happened_to_a_number_sends_it_to_a_person_however_sure_its_digits_are(state: CellState, reason: str) -> None:
    assert broken_rule("12", "12", state, Holds()) == reason
    assert broken_rule("12", "12", state, None) == reason


def test_a_number_that_fits_stays_accepted_and_gets_the_decimals_of_the_form() -> None:
    reading = by_form(read_as("396", CELL), Holds(digits=(2, 3), decimals=2))

    assert (reading.state, reading.digits, reading.decimals, reading.value) == (State.ACCEPTED, "396", 2, 3.96)


def test_a_point_that_was_written_counts_where_the_form_says_nothing() -> None:
    assert by_form(read_as("396", CELL, text="39.6"), Holds()).value == 39.6
    assert by_form(read_as("396", CELL, text="396"), Holds()).value == 396


def test_a_minus_counts_wherever_it_is_read_and_is_looked_at_where_the_form_has_no_signs() -> None:
    with_sign = by_form(read_as("05", CELL, text="-05"), Holds(sign=True, decimals=1))
    without = by_form(read_as("05", CELL, text="-05"), Holds(decimals=1))

    assert (with_sign.value, with_sign.state) == (-0.5, State.ACCEPTED)
    assert (without.value, without.state) == (-0.5, State.REVIEW)


def test_a_broken_rule_sends_all_digits_to_review_each_with_its_own_doubt_first() -> None:
    reading = by_form(read_as("12", CELL, doubt={1: (0.5, "7")}), Holds(digits=(3, 3)))

    assert reading.state is State.REVIEW
    assert [part.state for part in reading.parts] == [State.REVIEW, State.REVIEW]
    assert [part.reason for part in reading.parts] == [Reason.RULE_BROKEN, "low confidence"]


def test_more_digits_than_the_cell_holds_give_way_to_the_likeliest_that_fit_and_go_to_review() -> None:
    reading = by_form(read_as("1396", CELL, text="139.6", doubt={0: (0.55, "7")}), Holds(digits=(2, 3), decimals=1))

    assert (reading.digits, reading.text, reading.value) == ("396", "39.6", 39.6)
    assert reading.state is State.REVIEW
    assert reading.confidence < 0.5
    assert len(reading.parts) == 4


@pytest.mark.parametrize("state", [CellState.BLANK, CellState.DASH, CellState.DITTO])
def test_a_mark_that_the_form_does_not_allow_is_looked_at_by_a_person(state: CellState) -> None:
    reading = by_form(unread(CELL, state), Holds(marks=()))

    assert reading.state is State.REVIEW
    assert reading.value is None
    assert [part.reason for part in reading.parts] == ["not read"]


def test_a_cell_where_nothing_need_be_looked_at_stays_accepted_and_knows_its_decimals_for_whoever_fills_it() -> None:
    reading = by_form(nothing_in(CELL), Holds(digits=(2, 3), decimals=2, marks=(Mark.BLANK,)))

    assert (reading.state, reading.value, reading.decimals, reading.parts) == (State.ACCEPTED, None, 2, ())


def test_ink_that_was_not_read_keeps_its_reason() -> None:
    reading = by_form(unread(CELL), Holds())

    assert [part.reason for part in reading.parts] == [Reason.NOT_READ]


def test_decided_digits_stand_where_the_read_ones_stood_as_long_as_there_are_as_many() -> None:
    assert as_written("-1.2-", "47") == "-4.7-"
    assert as_written("1.2", ["4", ""]) == "4."
    assert as_written("12.5", "47") == "47"
    assert as_written("", "47") == "47"


def test_decimals_are_the_form_s_or_else_as_written() -> None:
    assert by_form(read_as("125", CELL, text="1.25"), Holds()).decimals == 2
    assert by_form(read_as("125", CELL, text="1.25"), Holds(decimals=1)).decimals == 1
    assert by_form(read_as("125", CELL), Holds(decimals=1)).decimals == 1
    assert by_form(read_as("125", CELL), Holds()).decimals is None
