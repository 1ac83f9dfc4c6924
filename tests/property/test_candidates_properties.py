"""What else a number could be: never surer than anything may be, best first, and nothing twice."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.layouts.candidates import MOST, SUREST, candidates, chosen, digits_of, fitting, with_one_more
from digit_core.readings import DigitReading, Reading, State
from digit_core.records import NOT_A_DIGIT, Box
from tests.support.readings import read_as

shares = st.tuples(st.floats(0.1, 1), st.floats(0, 1), st.floats(0, 1)).map(
    lambda three: sorted((one / max(1, sum(three)) for one in three), reverse=True)
)
tops = st.tuples(st.permutations(range(NOT_A_DIGIT + 1)), shares).map(
    lambda drawn: tuple(zip(drawn[0][:3], drawn[1], strict=True))
)
numbers = st.lists(tops, min_size=1, max_size=6).map(lambda several: reading_of(*several))


def reading_of(*several: tuple[tuple[int, float], ...]) -> Reading:
    parts = tuple(DigitReading(Box(10 * i, 0, 9, 20), top, State.REVIEW, "low confidence") for i, top in enumerate(several))
    digits = "".join(part.digit for part in parts)
    return Reading(0, Box(0, 0, 100, 20), digits, prod(part.confidence for part in parts), State.REVIEW, parts)


@given(numbers)
def test_candidates_are_distinct_best_first_and_together_never_surer_than_the_surest(reading: Reading) -> None:
    found = candidates(reading)

    labels, probabilities = [one for one, _ in found], [share for _, share in found]
    assert len(set(labels)) == len(labels) <= MOST
    assert all(before >= after - 1e-12 for before, after in pairwise(probabilities))
    assert all(share >= 0 for share in probabilities)
    assert sum(probabilities) <= SUREST + 1e-9
    assert all(len(one) == len(reading.parts) for one in labels)
    assert all(digits_of(one) for one in labels)


@given(numbers)
def test_candidates_take_only_the_outer_parts_for_nothing_where_nobody_saw_that(reading: Reading) -> None:
    last = len(reading.parts) - 1

    for labels, _ in candidates(reading):
        for place, (label, part) in enumerate(zip(labels, reading.parts, strict=True)):
            known = {other for other, share in part.top if share > 0}
            assert label != NOT_A_DIGIT or label in known or place in (0, last)


@given(numbers, st.integers(1, 6), st.integers(0, 3))
def test_those_that_fit_have_so_many_digits_or_none_does(reading: Reading, fewest: int, more: int) -> None:
    fits = fitting(reading, fewest, fewest + more)

    lengths = {len(digits_of(labels)) for labels, _ in fits}
    assert fits == candidates(reading) or all(fewest <= length <= fewest + more for length in lengths)


def test_the_likeliest_candidate_of_sure_digits_is_what_was_read() -> None:
    (labels, share), (_, second), *_ = candidates(read_as("396", doubt={2: (0.7, "0")}))

    assert digits_of(labels) == "396"
    assert 0.6 < share < 0.7
    assert second == pytest.approx(share * 0.27 / 0.7, rel=0.01)


def test_a_number_without_parts_has_no_candidates() -> None:
    assert candidates(Reading(0, Box(0, 0, 9, 9), "", 1.0, State.ACCEPTED, ())) == []


@given(numbers, st.floats(0, 1))
def test_the_parts_of_a_chosen_candidate_say_what_it_says_and_their_shares_stay_shares(reading: Reading, sure: float) -> None:
    for labels, _ in candidates(reading)[:5]:
        parts = chosen(reading, labels, sure, State.ACCEPTED, "")

        assert tuple(part.top[0] for part in parts) == tuple((label, sure) for label in labels)
        assert all(sum(share for _, share in part.top) <= 1 + 1e-9 for part in parts)
        assert all(len(part.top) == 3 for part in parts)
        assert all((part.state is State.REJECTED) == (label == NOT_A_DIGIT) for part, label in zip(parts, labels, strict=True))


@given(st.text("0123456789", min_size=1, max_size=5))
def test_numbers_with_one_more_digit_are_unlikely_and_none_begins_with_an_added_zero(digits: str) -> None:
    found = list(with_one_more(digits))

    assert all(len(number) == len(digits) + 1 for number, _ in found)
    assert sum(share for _, share in found) < 0.01
    assert max(found, key=lambda pair: pair[1])[0] == "1" + digits
    assert all(number[0] != "0" or digits[0] == "0" for number, _ in found)
