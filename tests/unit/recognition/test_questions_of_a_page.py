"""Which doubtful numbers people are asked about."""

from dataclasses import replace

import pytest

from digit_core.layouts.template import Place
from digit_core.params import Writing
from digit_core.readings import State
from digit_core.recognition.legibility import only_of_interest
from tests.support.readings import read_as

WRITTEN = [replace(read_as("12"), printed=0.01) for _ in range(12)]
DOUBTFUL_PRINT = replace(read_as("45", share=0.6), printed=0.99)


def asked(readings, writing=Writing.AUTO, cells_count=False):
    """The digits of the numbers that people are asked about."""
    found = only_of_interest(readings, writing, cells_count)
    return [one.digits for one in found if any(part.reason for part in one.parts)]


def test_nobody_is_asked_about_print_on_a_page_of_handwriting_but_it_stays_in_the_results():
    found = only_of_interest([*WRITTEN, DOUBTFUL_PRINT], Writing.AUTO, cells_count=False)

    assert asked([*WRITTEN, DOUBTFUL_PRINT]) == []
    assert len(found) == 13
    assert (found[-1].digits, found[-1].state) == ("45", State.REVIEW)


def test_doubtful_handwriting_is_asked_about_on_any_page():
    assert asked([*WRITTEN, replace(read_as("45", share=0.6), printed=0.05)]) == ["45"]
    assert asked([*WRITTEN, replace(read_as("45", share=0.6), printed=0.7)]) == ["45"]


@pytest.mark.parametrize("written", [0, 5, 11])
def test_print_is_asked_about_on_a_page_that_is_not_plainly_handwriting(written):
    print_of_page = [replace(read_as("7"), printed=0.99) for _ in range(11)]

    assert asked([*WRITTEN[:written], *print_of_page, DOUBTFUL_PRINT]) == ["45"]


def test_nobody_is_asked_about_what_neither_reader_takes_for_a_number():
    word = replace(read_as("88", share=0.5), second="")
    number = replace(read_as("89", share=0.9), second="")
    other = replace(read_as("90", share=0.5), second="9")

    assert asked([word, number, other]) == ["89", "90"]


def test_the_cells_of_a_layout_are_always_asked_about():
    cell = replace(read_as("45", Place("rain", "3", "Jan"), share=0.6), printed=0.99)

    assert asked([*WRITTEN, cell], cells_count=True) == ["45"]
    assert asked([*WRITTEN, cell], cells_count=False) == []


@pytest.mark.parametrize("writing", [Writing.ANY, Writing.HAND, Writing.PRINT])
def test_whoever_says_what_to_read_is_asked_about_all_of_it(writing):
    assert asked([*WRITTEN, DOUBTFUL_PRINT], writing) == ["45"]


def test_an_audit_of_an_accepted_number_stays():
    audited = read_as("77")
    audited = replace(audited, printed=0.99, parts=tuple(replace(part, reason="audit") for part in audited.parts))

    assert asked([*WRITTEN, audited]) == ["77"]
