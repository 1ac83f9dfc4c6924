"""What a cell shows to people."""

import pytest

from digit_core.results.cell_text import ordered, text_of


def number(**changes):
    """A row of CORRECTED."""
    known = {"digits": "396", "text": "396", "decimals": 2, "state": "accepted", "cell": "number", "value": None}
    return known | changes


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"text": "3.96"}, "3.96"),
        ({"state": "review"}, "3.96?"),
        ({"digits": "4", "text": "4"}, "0.04"),
        ({"decimals": None}, "396"),
        ({"digits": "", "text": "", "cell": "dash"}, "–"),
        ({"digits": "", "text": "", "cell": "blank"}, ""),
        ({"digits": "", "text": "", "cell": "illegible", "state": "review"}, "?"),
        ({"digits": "3?6", "text": "3.?6", "state": "unreadable"}, "3.?6?"),
    ],
)
def test_a_cell_shows_what_stands_in_it_and_what_waits_for_a_person(changes, text):
    assert text_of(number(**changes)) == text


def test_rows_that_are_numbers_stand_in_their_order_and_names_as_they_come():
    assert ordered(["10", "9", "10"]) == ("9", "10")
    assert ordered(["Feb", "Jan", "Feb"]) == ("Feb", "Jan")
