"""Sums that read: a slip is put right, what breaks goes to a person, and nothing is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digit_core.layouts.arithmetic.reconcile import reckoned
from digit_core.layouts.cell_rules import by_form
from digit_core.layouts.template import Axis, Check, Grid, Holds, Layout, Mark, Place, Rule
from digit_core.params import ReviewPolicy
from digit_core.readings import Reading, State
from digit_core.records import NOT_A_DIGIT, CellState
from tests.support.readings import nothing_in, read_as, unread

ROWS = ("1", "2", "3", "4", "Total")
HOLDS = Holds(digits=(1, 4), marks=(Mark.BLANK, Mark.DASH, Mark.WORD))
GRID = Grid("g", Axis(ROWS, (0, 10, 20, 30, 40, 50)), Axis(("a",), (0, 50)), HOLDS)
LAYOUT = Layout("form", 100, 100, grids=(GRID,), checks=(Check(Rule.TOTAL, ROWS[:-1], "Total", "g"),))
POLICY = ReviewPolicy(threshold=0.97, audit_share=0.0)


def at(row: str) -> Place:
    return Place("g", row, "a")


def page(*readings: Reading) -> dict[str, Reading]:
    """The readings of the rows after the sums, by row."""
    judged = [by_form(one, HOLDS) for one in readings]
    return {one.cell.row: one for one in reckoned(judged, LAYOUT, POLICY).readings if one.cell}


def rows(*numbers: str) -> list[Reading]:
    """12 is surely a 12; 12~7 is a 12 whose last digit may be a 7 as well."""
    return [_row(row, text) for row, text in zip(ROWS, numbers, strict=False)]


def _row(row: str, text: str) -> Reading:
    digits, _, other = text.partition("~")
    return read_as(digits, at(row), doubt={len(digits) - 1: (0.6, other)} if other else None)


def test_sums_that_agree_say_so_and_change_nothing_else() -> None:
    before = rows("12", "30", "41", "7", "90")

    after = page(*before)

    assert all(one.checks == "agrees: total of a" for one in after.values())
    assert [one.digits for one in after.values()] == ["12", "30", "41", "7", "90"]
    assert all(one.state is State.ACCEPTED for one in after.values())


def test_a_slip_is_put_right_by_the_total_and_leaves_review() -> None:
    after = page(*rows("12", "30", "41~7", "7", "96"))["3"]

    assert (after.digits, after.text, after.value) == ("47", "47", 47)
    assert after.state is State.ACCEPTED
    assert all(part.state is State.ACCEPTED and part.reason == "" for part in after.parts)
    assert after.checks == "agrees: total of a (out of review) (read first as 41)"


def test_what_was_unsure_and_is_confirmed_by_the_total_leaves_review() -> None:
    after = page(*rows("12", "30", "41~7", "7", "90"))["3"]

    assert (after.digits, after.state) == ("41", State.ACCEPTED)
    assert after.checks == "agrees: total of a (out of review)"
    assert after.confidence > POLICY.threshold


def test_a_sum_that_cannot_agree_sends_its_cells_to_review_with_the_reason() -> None:
    after = page(*rows("12", "30", "41", "7", "555"))

    assert all(one.state is State.REVIEW for one in after.values())
    assert all(one.checks == "breaks: total of a (into review)" for one in after.values())
    assert {part.reason for one in after.values() for part in one.parts} == {"rule broken"}
    assert [one.digits for one in after.values()] == ["12", "30", "41", "7", "555"]


def test_blank_cells_and_dashes_count_for_nothing() -> None:
    readings = rows("12", "30", "41", "7", "42")
    readings[2], readings[3] = nothing_in(at("3")), nothing_in(at("4"), CellState.DASH)

    after = page(*readings)

    assert all(one.checks == "agrees: total of a" for one in after.values())
    assert after["3"].state is State.ACCEPTED
    assert after["3"].value is None


def test_a_cell_that_nobody_read_is_never_given_the_number_that_its_sum_asks_for() -> None:
    readings = rows("12", "30", "41", "7", "90")
    readings[2] = unread(at("3"))

    after = page(*readings)["3"]

    assert (after.digits, after.value, after.state) == ("", None, State.REVIEW)
    assert [part.top[0][0] for part in after.parts] == [NOT_A_DIGIT]


def test_a_number_that_a_sum_asks_for_and_nobody_read_is_told_and_not_published() -> None:
    after = page(*rows("12", "30", "1~7", "7", "160"))["3"]

    assert after.digits in ("1", "7")
    assert after.state is State.REVIEW
    assert after.value != 111


def test_a_number_that_was_struck_out_stays_with_a_person_however_well_it_adds_up() -> None:
    readings = rows("12", "30", "41", "7", "90")
    readings[2] = read_as("41", at("3"), cell=CellState.STRUCK_OUT)

    after = page(*readings)["3"]

    assert after.state is State.REVIEW
    assert {part.reason for part in after.parts} <= {"struck out?", "rule broken"}


def test_a_number_that_breaks_a_rule_of_its_cell_stays_in_review_however_well_it_adds_up() -> None:
    strict = Holds(digits=(1, 4), most=40)
    layout = Layout("form", 100, 100, grids=(Grid("g", GRID.rows, GRID.columns, HOLDS, {"3": strict}),), checks=LAYOUT.checks)
    readings = [by_form(one, layout.holds_of(at(one.cell.row))) for one in rows("12", "30", "41", "7", "90") if one.cell]

    after = {one.cell.row: one for one in reckoned(readings, layout, POLICY).readings if one.cell}

    assert after["3"].state is State.REVIEW
    assert after["2"].state is State.ACCEPTED


def test_a_number_whose_text_has_no_value_stays_in_review_however_well_it_adds_up() -> None:
    doubtful = replace(_row("3", "41~7"), text="4/.1")

    after = page(*rows("12", "30"), doubtful, _row("4", "7"), _row("Total", "90"))["3"]

    assert (after.digits, after.value) == ("41", None)
    assert after.state is State.REVIEW


def test_a_number_that_is_audited_stays_so_when_the_sums_agree() -> None:
    readings = rows("12", "30", "41", "7", "90")
    first = readings[0]
    audited = tuple(
        type(part)(part.box, part.top, part.state, "audit" if place == 0 else "") for place, part in enumerate(first.parts)
    )
    readings[0] = Reading(first.line, first.box, first.digits, first.confidence, first.state, audited, cell=first.cell, text="12")

    after = page(*readings)["1"]

    assert after.state is State.ACCEPTED
    assert [part.reason for part in after.parts] == ["audit", ""]


def test_a_bracket_that_was_taken_for_a_digit_is_left_out_where_the_sum_says_so() -> None:
    readings = rows("12", "30", "41", "7", "90")
    readings[2] = read_as("141", at("3"), doubt={0: (0.6, "7")})

    after = page(*readings)["3"]

    assert after.digits == "41"
    assert after.value == 41


def test_negative_numbers_are_summed_with_their_sign() -> None:
    holds = Holds(digits=(1, 4), sign=True)
    layout = Layout("form", 100, 100, grids=(Grid("g", GRID.rows, GRID.columns, holds),), checks=LAYOUT.checks)
    readings = rows("12", "30", "41", "7", "76")
    readings[3] = read_as("7", at("4"), text="-7")

    after = reckoned([by_form(one, holds) for one in readings], layout, POLICY).readings

    assert [one.checks for one in after] == ["agrees: total of a"] * 5
    assert after[3].value == -7


def test_readings_outside_of_cells_and_checks_that_lack_a_cell_change_nothing() -> None:
    outside = Reading(9, read_as("5").box, "5", 0.99, State.ACCEPTED, ())
    readings = [*(by_form(one, HOLDS) for one in rows("12", "30", "41", "7", "90")[:3]), outside]

    assert reckoned(readings, LAYOUT, POLICY).readings == tuple(readings)
    assert reckoned([], LAYOUT, POLICY).readings == ()


def test_a_doubtful_cell_does_not_send_the_sure_ones_of_its_column_to_a_person() -> None:
    after = page(*rows("12", "3~5", "41", "7", "500"))

    assert {row: one.state for row, one in after.items() if row != "Total"} == {
        "1": State.ACCEPTED,
        "2": State.REVIEW,
        "3": State.ACCEPTED,
        "4": State.ACCEPTED,
    }


def slipped(row: str, digits: str, other: int) -> Reading:
    """Surely these digits, but that the last may be another one, with a probability of 1 %."""
    return read_as(digits, at(row), doubt={len(digits) - 1: (0.985, str(other))})


def test_of_a_sum_that_breaks_the_cell_is_asked_for_whose_other_reading_mends_it() -> None:
    readings = rows("12", "30", "41", "7", "93")
    readings[2] = slipped("3", "41", 4)

    after = page(*readings)

    asked = [row for row, one in after.items() if one.state is State.REVIEW or "read first as" in one.checks]
    assert asked == ["3"]


def test_all_cells_of_a_sum_that_nothing_mends_are_asked_for() -> None:
    after = page(*rows("12", "30", "41", "7", "5555"))

    assert {one.state for one in after.values()} == {State.REVIEW}


COLUMNS = tuple("abcdef")
WIDE = Grid("g", Axis(ROWS, (0, 10, 20, 30, 40, 50)), Axis(COLUMNS, (0, 10, 20, 30, 40, 50, 60)), HOLDS)
WIDE_LAYOUT = Layout("form", 100, 100, grids=(WIDE,), checks=(Check(Rule.TOTAL, ROWS[:-1], "Total", "g"),))


def wide(totals: tuple[str, ...]) -> list[Reading]:
    """A table whose columns all add up to 90."""
    numbers = ("12", "30", "41", "7")
    return [
        read_as(text, Place("g", row, column))
        for column, total in zip(COLUMNS, totals, strict=True)
        for row, text in zip(ROWS, (*numbers, total), strict=True)
    ]


def test_a_page_whose_totals_mostly_break_is_told_from_one_on_which_some_do() -> None:
    some, most = ("90", "90", "90", "90", "4111", "4222"), ("90", "3111", "4222", "5333", "6444", "7555")

    assert not reckoned(wide(some), WIDE_LAYOUT, POLICY).mostly_broken
    assert reckoned(wide(most), WIDE_LAYOUT, POLICY).mostly_broken


def test_few_totals_say_nothing_of_a_page_as_a_whole() -> None:
    assert not reckoned(rows("12", "30", "41", "7", "5555"), LAYOUT, POLICY).mostly_broken


def test_a_word_adds_what_it_is_worth() -> None:
    holds = replace(HOLDS, words={"nil": 0.0, "some": 7.0})
    layout = Layout("form", 100, 100, grids=(Grid("g", GRID.rows, GRID.columns, holds),), checks=LAYOUT.checks)

    def total(word: str) -> Reading:
        said = replace(nothing_in(at("4"), CellState.WORD), text=word)
        readings = [by_form(one, holds) for one in (*rows("12", "30", "41"), said, read_as("90", at("Total")))]
        return next(one for one in reckoned(readings, layout, POLICY).readings if one.cell and one.cell.row == "Total")

    assert total("some").checks == "agrees: total of a"
    assert total("nil").checks.startswith("breaks")


RUNNING = replace(
    LAYOUT,
    grids=(Grid("g", Axis(ROWS[:4], (0, 10, 20, 30, 40)), Axis(("a", "sum"), (0, 50, 100)), HOLDS),),
    checks=(Check(Rule.RUNNING, ("a",), "sum", "g"),),
)


def running(added: Sequence[str], sums: Sequence[str]) -> tuple[dict[str, Reading], dict[str, Reading]]:
    """The readings of both columns after the running total, by row."""
    read = [_in(column, row, text) for column, own in (("a", added), ("sum", sums)) for row, text in zip(ROWS, own, strict=False)]
    after = [one for one in reckoned([by_form(one, HOLDS) for one in read], RUNNING, POLICY).readings if one.cell]
    both = [{one.cell.row: one for one in after if one.cell and one.cell.column == name} for name in ("a", "sum")]
    return both[0], both[1]


def _in(column: str, row: str, text: str) -> Reading:
    one = _row(row, text)
    assert one.cell is not None
    return replace(one, cell=replace(one.cell, column=column))


def test_a_running_total_that_comes_out_says_so_in_each_row() -> None:
    added, sums = running(["12", "30", "41", "7"], ["12", "42", "83", "90"])

    assert [one.checks for one in sums.values()] == [
        "agrees: running of 2",
        "agrees: running of 2, running of 3",
        "agrees: running of 3, running of 4",
        "agrees: running of 4",
    ]
    assert added["1"].checks == ""  # what was brought forward is not known
    assert {one.state for one in sums.values()} == {State.ACCEPTED}


def test_a_slip_in_a_running_total_is_put_right_by_the_rows_above_and_below() -> None:
    _, sums = running(["12", "30", "41", "7"], ["12", "42", "87~3", "90"])

    assert (sums["3"].digits, sums["3"].state) == ("83", State.ACCEPTED)


def test_a_running_total_that_breaks_sends_the_rows_around_the_break_to_review_and_no_others() -> None:
    added, sums = running(["12", "30", "41", "7"], ["12", "42", "999", "1006"])

    assert {row: one.state for row, one in sums.items()} == {
        "1": State.ACCEPTED,
        "2": State.REVIEW,
        "3": State.REVIEW,
        "4": State.ACCEPTED,
    }
    assert added["3"].state is State.REVIEW
    assert "breaks: running of 3" in sums["3"].checks
    assert added["4"].checks == "agrees: running of 4"
