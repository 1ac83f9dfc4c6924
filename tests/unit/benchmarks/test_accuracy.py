"""What `make accuracy` counts, on readings that are made up; the other readers are neither installed nor asked."""

import sys
from pathlib import Path

import numpy as np
import pytest

from digit_core.evaluation.ground_truth import PageTruth, TruthNumber
from digit_core.records import Box
from tests.benchmarks.accuracy.accuracy import the_readers
from tests.benchmarks.accuracy.counting import (
    PageCase,
    PageRead,
    StripRead,
    Time,
    calibration_error,
    count_page,
    digit_accuracy,
    error_among,
    mistakes,
)
from tests.benchmarks.accuracy.counting import seconded as seconded_of
from tests.benchmarks.accuracy.forms import form_case
from tests.benchmarks.accuracy.readers import NotAvailable, NumberRead, Other, numbers_of, strip_of
from tests.benchmarks.accuracy.strips import pen_figures, write_strips
from tests.benchmarks.accuracy.summary import summary

NO_TIME = Time(0.5, 0.25)
PAPER = np.full((100, 400), 255, np.uint8)


def strip(truth, digits, confidence=0.9):
    return StripRead(truth, digits, confidence, NO_TIME)


def number(digits, x=0, sure=True, printed=False):
    return NumberRead(digits, 0.99, Box(x, 0, 40, 20), sure, printed)


def page(truth, readings):
    return PageRead.of(PageCase("page", PAPER, truth), readings, NO_TIME)


def truth_of(*digits, uncertain=(), boxes=False):
    rows = [
        TruthNumber("", "", one, one not in uncertain, Box(100 * place, 0, 40, 20) if boxes else None)
        for place, one in enumerate(digits)
    ]
    return PageTruth("page", "", tuple(rows), boxes)


@pytest.fixture(scope="module")
def form():
    return form_case(4001, 0, pen_figures)


@pytest.mark.parametrize(
    ("truth", "read", "kinds"),
    [
        ("1234", "1234", {}),
        ("1234", "1734", {"confused": 1}),
        ("1234", "134", {"missed": 1}),
        ("1234", "12934", {"added": 1}),
        ("5104", "564", {"merged": 1}),  # 10 became 6
        ("1204", "126704", {"added": 2}),
        ("804", "5604", {"split": 1}),  # 8 became 56
        ("12", "", {"missed": 2}),
    ],
)
def test_a_mistake_is_counted_by_its_kind(truth, read, kinds):
    assert mistakes(truth, read)[0] == kinds


def test_a_confusion_names_the_true_and_the_read_digit_and_one_of_two_read_as_one_does_not():
    assert mistakes("1234", "1734")[1] == {("2", "7"): 1}
    assert not mistakes("5104", "564")[1]


def test_digit_accuracy_is_one_less_the_edits_for_each_true_digit():
    assert digit_accuracy([strip("1234", "1234"), strip("12", "1"), strip("98", "789")]) == 1 - 3 / 8


def test_the_error_among_the_surest_leaves_out_those_the_reader_doubts():
    reads = [strip("1", "1", 0.9), strip("2", "7", 0.2), strip("3", "3", 0.8), strip("4", "9", 0.6)]

    assert error_among(reads, 0.5) == 0
    assert error_among(reads, 0.75) == pytest.approx(1 / 3)
    assert error_among(reads, 1.0) == 0.5


def test_the_calibration_error_is_how_far_confidence_lies_from_the_share_of_exact_numbers():
    honest = [strip("1", "1", 0.75)] * 3 + [strip("1", "2", 0.75)]
    boastful = [strip("1", "1", 1.0)] * 3 + [strip("1", "2", 1.0)]

    assert calibration_error(honest) == pytest.approx(0)
    assert calibration_error(boastful) == pytest.approx(0.25)


def test_without_boxes_each_true_number_is_found_once_wherever_it_was_read():
    read = page(truth_of("12", "12", "555", "77", uncertain=("77",)), [number("12"), number("12"), number("12"), number("557")])

    count = count_page(read)

    assert (count.found, count.true, count.misread, count.extra) == (2, 3, 1, 1)
    assert count.by_chance == pytest.approx(0.03, abs=0.001)  # twice 12 by three readings of two digits; 555 by one of three


def test_with_boxes_a_number_is_found_in_its_place_only():
    read = page(truth_of("12", "34", boxes=True), [number("34", x=0), number("34", x=100), number("9", x=200, sure=False)])

    count = count_page(read)

    assert (count.found, count.misread, count.extra, count.by_chance) == (1, 1, 1, None)
    assert (count.sure, count.sure_misread, count.sure_extra) == (2, 1, 0)
    assert read.missed() == [0]


def test_a_reading_is_seconded_where_another_reader_has_its_digits_in_the_same_place():
    ours = page(None, [number("12"), number("34", x=100), number("56", x=200, sure=False)])
    other = page(None, [number("312"), number("35", x=100), number("56", x=200)])

    assert seconded_of(ours, [other]) == 1


def test_words_with_letters_are_no_numbers_and_marks_are_no_digits():
    words = [["Jan 1.08 -", 0.8, [0, 0, 100, 20]], ["R0OM", 0.99, [0, 40, 50, 20]]]

    assert list(numbers_of(words)) == [NumberRead("108", 0.8, Box(40, 0, 40, 20), False)]


def test_the_words_on_a_strip_are_one_number_from_left_to_right():
    words = [["4.5", 0.5, [60, 0, 10, 10]], ["l", 0.1, [30, 0, 10, 10]], ["12-", 0.8, [0, 0, 20, 10]]]

    assert strip_of(words) == ("1245", 0.4)
    assert strip_of([]) == ("", 0.0)


def test_a_reader_that_cannot_be_had_is_named_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.benchmarks.accuracy.accuracy.PYTHON", tmp_path / "no-python")

    readers, notes = the_readers(["ours", "RapidOCR"])

    assert [reader.name for reader in readers] == ["ours"]
    assert notes[0].startswith("RapidOCR: not available: there is no ")


def test_a_reader_whose_packages_are_missing_says_which():
    with pytest.raises(NotAvailable, match="tesserocr"):
        Other("Tesseract", Path(sys.executable), "nowhere")


def test_ours_is_read_through_the_same_door_as_the_others(form):
    (ours,), _ = the_readers(["ours"])

    digits, confidence = ours.strip(write_strips(1, 4001, pen_figures)[0].pixels)
    count = count_page(PageRead.of(form, ours.page(form.pixels), NO_TIME))

    assert digits.isdecimal() or not digits
    assert 0 <= confidence <= 1
    assert count.found > count.true / 2


def test_the_same_seed_gives_the_same_strips_and_another_seed_others():
    one, again, other = (write_strips(3, seed, pen_figures) for seed in (1, 1, 2))

    assert all((a.pixels == b.pixels).all() and a.digits == b.digits for a, b in zip(one, again, strict=True))
    assert [a.digits for a in one] != [b.digits for b in other]
    assert all(1 <= len(a.digits) <= 8 for a in one)


def test_the_boxes_of_a_form_hold_dark_ink_and_each_a_number(form):
    paper = np.median(form.pixels)

    for true in form.truth.numbers:
        cut = form.pixels[true.box.y : true.box.bottom, true.box.x : true.box.right]
        assert cut.min() < paper - 20
        assert true.digits


def test_the_summary_has_a_row_for_each_measure_that_ran_and_a_column_for_each_reader():
    strips = {"ours": [strip("12", "12")], "RapidOCR": [strip("12", "17")]}
    scans = {name: [page(truth_of("12"), [number("12")])] for name in strips}
    nothing = {name: [] for name in strips}

    text = summary(strips, scans, nothing, nothing)

    assert "| strips: numbers exact | 100.0 % | 0.0 % |" in text
    assert "| page: found, by chance | 1 of 1, 0 | 1 of 1, 0 |" in text
    assert "synthetic pages" not in text
