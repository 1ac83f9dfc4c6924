"""Whatever stands in a text, its meaning is found, and says no more than the text does."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from digit_core.inference.network_spec import CHARACTERS
from digit_core.notation import DateOrder, Notation, NumberKind, interpret

texts = st.text(st.sampled_from(CHARACTERS + " "), max_size=16)
notations = st.builds(
    Notation,
    decimals=st.none() | st.integers(0, 9),
    decimal_mark=st.sampled_from([None, ".", ","]),
    date_order=st.none() | st.sampled_from(DateOrder),
    kinds=st.lists(st.sampled_from(NumberKind), max_size=3).map(tuple),
)
WITHOUT_VALUE = {NumberKind.NONE, NumberKind.MONEY, NumberKind.DATE, NumberKind.TIME, NumberKind.DITTO, NumberKind.OTHER}


@given(texts, notations)
def test_every_text_has_one_kind_and_a_value_only_where_the_kind_has_one(text: str, notation: Notation) -> None:
    meaning = interpret(text, notation)

    assert (meaning.value is None) == (meaning.kind in WITHOUT_VALUE)
    assert not meaning.open or meaning.kind is NumberKind.OTHER


@given(texts, notations)
def test_a_minus_that_stands_in_the_text_stands_in_the_value(text: str, notation: Notation) -> None:
    value = interpret(text, notation).value

    assert value is None or (value < 0 or str(value) == "-0.0") == text.strip().startswith("-")


@given(st.text(max_size=30), notations)
def test_no_text_is_too_strange(text: str, notation: Notation) -> None:
    interpret(text, notation)


@given(st.integers(0, 10**9), st.integers(1, 4), st.sampled_from(["", "+", "-"]), st.sampled_from(".,"), st.booleans())
def test_a_decimal_written_in_any_way_keeps_its_value(whole: int, behind: int, sign: str, mark: str, grouped: bool) -> None:
    other = "," if mark == "." else "."
    written = f"{whole:,}".replace(",", other) if grouped else str(whole)
    text = f"{sign}{written}{mark}{'7' * behind}"

    meaning = interpret(text, Notation(decimal_mark=mark))

    assert meaning.value == float(f"{sign}{whole}.{'7' * behind}")
    assert meaning.kind is (NumberKind.SIGNED if sign else NumberKind.DECIMAL)


def test_dates_of_every_day_are_dates_and_no_others_are() -> None:
    longest = {month: 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31 for month in range(1, 13)}
    notation = Notation(date_order=DateOrder.DMY)

    for day, month, mark in product(range(33), range(14), "/.-"):
        real = 1 <= day <= longest.get(month, 0)

        assert (interpret(f"{day}{mark}{month}{mark}1907", notation).kind is NumberKind.DATE) == real
