"""What a decision does to a number, whatever the number and whatever was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.errors import InputError
from digit_core.readings import Reason, State
from digit_core.records import NOT_A_DIGIT
from digit_core.review.verdicts import (
    HIDDEN_SHARE,
    Content,
    Kind,
    Verdict,
    apply,
    said_of,
    settled,
    suggestion_is_hidden,
)

digits = st.sampled_from("0123456789")
parts = st.lists(digits | st.just(""), min_size=1, max_size=8)
one_digit = (
    st.builds(Verdict, st.just(Kind.DIGIT), digits) | st.just(Verdict(Kind.NOT_A_DIGIT)) | st.just(Verdict(Kind.UNREADABLE))
)
numbers = st.builds(Verdict, st.just(Kind.NUMBER), st.text("0123456789", max_size=8))


@st.composite
def decided(draw):
    """Parts with verdicts about some of their places."""
    read = draw(parts)
    return read, draw(st.dictionaries(st.integers(0, len(read) - 1), one_digit))


@given(parts)
def test_a_number_that_nobody_spoke_of_stays_as_it_was_read(read):
    assert apply(read, {}, 0).digits == "".join(read)


@given(decided())
def test_only_the_places_that_people_spoke_of_change(case):
    read, verdicts = case

    found = apply(read, verdicts, 0)

    assert found.digits == "".join(verdicts[at].part if at in verdicts else part for at, part in enumerate(read))


@given(decided(), st.integers(0, 3))
def test_the_state_says_what_may_be_done_with_the_number(case, pending):
    read, verdicts = case

    found = apply(read, verdicts, pending)

    if pending:
        assert found.state is State.REVIEW
    elif "?" in found.digits:
        assert found.state is State.UNREADABLE
    else:
        assert found.state is (State.CONFIRMED if found.digits == "".join(read) else State.CORRECTED)


@given(decided(), numbers)
def test_a_retyped_number_replaces_everything_and_waits_for_nobody(case, number):
    read, verdicts = case

    found = apply(read, {**verdicts, 0: number}, pending=2)

    assert found.digits == number.value
    assert found.state in (State.CONFIRMED, State.CORRECTED)


@given(parts, st.text("0123456789.,-/?", min_size=1, max_size=8))
def test_a_number_as_written_counts_with_its_marks(read, text):
    found = apply(read, {0: Verdict(Kind.WRITTEN, text)}, pending=2)

    assert (found.text, found.digits) == (text, "".join(one for one in text if one in "0123456789?"))
    assert (found.state is State.UNREADABLE) == ("?" in text)


@given(parts, st.sampled_from(Content))
def test_where_no_number_stands_there_are_no_digits(read, content):
    found = apply(read, {0: Verdict(Kind.CONTENT, content.value)}, pending=2)

    assert (found.digits, found.content) == ("", content)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.WRITTEN, ""),
        (Kind.WRITTEN, "12 cows"),
        (Kind.WRITTEN, "1" * 33),
        (Kind.WRITTEN, "١"),
        (Kind.CONTENT, ""),
        (Kind.CONTENT, "a word"),
    ],
)
def test_what_no_reviewer_can_say_is_refused(kind, value):
    with pytest.raises(InputError):
        Verdict(kind, value)


def test_a_place_that_the_number_does_not_have_is_refused():
    with pytest.raises(InputError, match="a number of 2 digits has no place 2"):
        apply(["1", "2"], {2: Verdict(Kind.DIGIT, "3")}, 0)


@given(parts)
def test_a_number_retyped_as_it_was_read_says_yes_to_each_digit(read):
    retyped = Verdict(Kind.NUMBER, "".join(read))

    each = {place: said_of(retyped, read, place) for place in range(len(read))}

    assert all(verdict.kind is not Kind.NUMBER for verdict in each.values())
    assert apply(read, each, 0).state is State.CONFIRMED


@given(st.text(max_size=3))
def test_only_one_of_the_ten_digits_is_a_digit(text):
    if len(text) == 1 and text in "0123456789":
        assert Verdict(Kind.DIGIT, text).label == int(text)
    else:
        with pytest.raises(InputError):
            Verdict(Kind.DIGIT, text)


def test_what_a_network_learns_from_each_kind():
    labels = [Verdict(kind, value).label for kind, value in ((Kind.DIGIT, "7"), (Kind.NOT_A_DIGIT, ""), (Kind.UNREADABLE, ""))]

    assert labels == [7, NOT_A_DIGIT, None]
    assert Verdict(Kind.NUMBER, "17").label is None


@given(st.lists(one_digit, max_size=4))
def test_one_reader_settles_an_item_and_two_who_agree_do(verdicts):
    assert settled(verdicts, 1) == (verdicts[0] if verdicts else None)
    if len(verdicts) >= 2 and verdicts[0] == verdicts[1]:
        assert settled(verdicts, 2) == verdicts[0]
    elif len(verdicts) < 3:
        assert settled(verdicts, 2) is None
    else:
        assert settled(verdicts, 2) == verdicts[2]


def test_audits_are_always_hidden_and_of_the_others_about_the_share_that_was_meant():
    def hidden(asked):
        return sum(suggestion_is_hidden(f"item-{number}", "low confidence", asked) for number in range(4000)) / 4000

    assert all(suggestion_is_hidden(f"item-{number}", Reason.AUDIT, asked) for number in range(50) for asked in (1, 3))
    assert abs(hidden(1) - HIDDEN_SHARE) < 0.03
    assert abs(hidden(3) - HIDDEN_SHARE / 9) < 0.01
