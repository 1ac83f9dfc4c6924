"""What written numbers stand for."""

from __future__ import annotations

import pytest

from digit_core.notation import AS_WRITTEN, LONGEST, DateOrder, Meaning, Notation, NumberKind, decimal_mark_of, fits, interpret

INTEGER, DECIMAL, SIGNED = NumberKind.INTEGER, NumberKind.DECIMAL, NumberKind.SIGNED
FRACTION, MONEY, DATE, TIME = NumberKind.FRACTION, NumberKind.MONEY, NumberKind.DATE, NumberKind.TIME
ANGLE, DITTO, OTHER, NONE = NumberKind.ANGLE, NumberKind.DITTO, NumberKind.OTHER, NumberKind.NONE


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", NONE, None),
        ("   ", NONE, None),
        ("0266", INTEGER, 266),
        ("000", INTEGER, 0),
        ("3,760,834", INTEGER, 3760834),
        ("3.760.834", INTEGER, 3760834),
        ("3'760", INTEGER, 3760),
        ("12.", INTEGER, 12),
        ("12,-", INTEGER, 12),
        ("12-", INTEGER, 12),
        ("226,91", DECIMAL, 226.91),
        ("67.9", DECIMAL, 67.9),
        (".75", DECIMAL, 0.75),
        ("0.936", DECIMAL, 0.936),
        ("2.58", DECIMAL, 2.58),
        ("1.234.567,89", DECIMAL, 1234567.89),
        ("1,234,567.89", DECIMAL, 1234567.89),
        ("-3", SIGNED, -3),
        ("-9,2", SIGNED, -9.2),
        ("+7.8", SIGNED, 7.8),
        ("18¾", FRACTION, 18.75),
        ("½", FRACTION, 0.5),
        ("-5½", FRACTION, -5.5),
        ("12 1/2", FRACTION, 12.5),
        ("3/4", FRACTION, 0.75),
        ("8°43'", ANGLE, 8 + 43 / 60),
        ("18,5°", ANGLE, 18.5),
        ("53/7/2", MONEY, None),
        ("6/13/2", MONEY, None),
        ("7/-", MONEY, None),
        ("20/1/1944", DATE, None),
        ("1/20/1944", DATE, None),
        ("1944-1-20", DATE, None),
        ("9-12-25", DATE, None),
        ("24.4.1942", DATE, None),
        ("10:27", TIME, None),
        ("10:27:05", TIME, None),
        ('"', DITTO, None),
    ],
)
def test_a_text_has_a_kind_and_where_the_kind_has_one_a_value(text: str, kind: NumberKind, value: float | None) -> None:
    meaning = interpret(text)

    assert (meaning.kind, meaning.value) == (kind, pytest.approx(value) if value is not None else None)
    assert not meaning.open


@pytest.mark.parametrize(
    "text",
    ["19..36", "1.2.3", "99:10", "10:75", "31/2/1900", "171/4", "35-40", "1914-18", "7.?", "?", "-", "+", "/", "8°75'", "1--2"],
)
def test_what_no_number_is_written_like_is_another_thing_without_a_value(text: str) -> None:
    assert interpret(text) == Meaning(OTHER)


@pytest.mark.parametrize("text", ["1,234", "1.234", "999,000", "5/6", "7/6", "12/7", "30/6"])
def test_what_can_be_read_in_two_ways_is_left_open(text: str) -> None:
    assert interpret(text) == Meaning(OTHER, open=True)


def test_a_place_that_knows_its_decimal_mark_knows_thousands_from_decimals() -> None:
    assert interpret("1,234", Notation(decimal_mark=",")) == Meaning(DECIMAL, 1.234, 3)
    assert interpret("1,234", Notation(decimal_mark=".")) == Meaning(INTEGER, 1234)
    assert interpret("22.5", Notation(decimal_mark=",")) == Meaning(OTHER)


def test_a_place_that_knows_its_kinds_takes_the_meaning_that_is_among_them() -> None:
    assert interpret("1,234", Notation(kinds=(INTEGER,))) == Meaning(INTEGER, 1234)
    assert interpret("5/6", Notation(kinds=(FRACTION,))).value == pytest.approx(5 / 6)
    assert interpret("5/6", Notation(kinds=(MONEY,))).kind is MONEY
    assert interpret("5/6/10", Notation(kinds=(MONEY,))).kind is MONEY
    assert interpret("5/6", Notation(kinds=(DATE,))).kind is DATE
    assert interpret("8.15", Notation(kinds=(TIME,))).kind is TIME


def test_what_is_not_among_the_kinds_of_its_place_keeps_its_own_and_does_not_fit() -> None:
    notation = Notation(kinds=(INTEGER,))

    assert interpret("10:27", notation).kind is TIME
    assert not fits(interpret("10:27", notation), notation)
    assert fits(interpret("-3", notation), notation)
    assert fits(interpret("10:27"), AS_WRITTEN)


def test_a_date_stands_in_the_order_of_its_place() -> None:
    assert interpret("1/20/1944", Notation(date_order=DateOrder.MDY)).kind is DATE
    assert interpret("1/20/1944", Notation(date_order=DateOrder.DMY)).kind is OTHER
    assert interpret("44/1/20", Notation(date_order=DateOrder.YMD)).kind is DATE
    assert interpret("44/1/20").kind is not DATE


def test_decimals_that_a_place_always_has_count_whether_a_point_is_written_or_not() -> None:
    assert interpret("201", Notation(decimals=2)) == Meaning(DECIMAL, 2.01, 2)
    assert interpret("2,01", Notation(decimals=2)) == Meaning(DECIMAL, 2.01, 2)
    assert interpret("-201", Notation(decimals=2)) == Meaning(SIGNED, -2.01, 2)


def test_the_numbers_of_a_page_tell_their_decimal_mark_if_they_agree() -> None:
    assert decimal_mark_of(["1,234", "22,5", "7"]) == ","
    assert decimal_mark_of(["1,234", "3,760,834"]) == "."
    assert decimal_mark_of(["1.234.567,89"]) == ","
    assert decimal_mark_of(["1,234", "17", "12/7/1994"]) is None
    assert decimal_mark_of(["1.5", "2,5"]) is None
    assert decimal_mark_of([]) is None


def test_a_text_of_thousands_of_digits_is_no_number() -> None:
    assert interpret("9" * 5000) == Meaning(OTHER)
    assert interpret("9" * LONGEST).kind is INTEGER


def test_a_declared_word_has_its_value_whatever_its_case_and_points():
    place = Notation(words=(("tr", 0.0), ("obs", None)))

    assert interpret("Tr.", place) == Meaning(NumberKind.WORD, 0.0)
    assert interpret("obs", place) == Meaning(NumberKind.WORD, None)
    assert interpret("tr").kind is NumberKind.OTHER
    assert interpret("12", place).value == 12
