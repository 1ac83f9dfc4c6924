"""The scribe's pages are repeatable, and their truth is true."""

import csv
import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng
from PIL import Image

from digit_core.errors import InputError
from digit_core.synthesis.ledger.page import (
    STYLES,
    PageStyle,
    draw_number,
    make_writer,
    to_jpeg,
    truth_csv,
    write_page,
    write_pages,
)

CLEAN = replace(STYLES["clean"], dpi=120)
WORN = PageStyle(dpi=120, difficulty=0.6, decimals=0.0, dashes=0.0)


def pen_ink(seed, page, style):
    """Where the pen darkened the page: the written page against the same page left empty."""
    empty = write_page(seed, page, replace(style, filled=0.0))
    written = write_page(seed, page, style)
    return written, cv2.subtract(empty.pixels, written.pixels) > 60


def as_small_image(ink):
    small = cv2.resize(ink, (16, 16), interpolation=cv2.INTER_AREA).astype(float).ravel()
    return small / np.linalg.norm(small)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_or_page_does_not(tmp_path):
    first = write_pages(tmp_path / "first", 2, 7, CLEAN)
    again = write_pages(tmp_path / "again", 2, 7, CLEAN)
    other = write_pages(tmp_path / "other", 1, 8, CLEAN)

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert first[0].read_bytes() not in (first[1].read_bytes(), other[0].read_bytes())


def test_a_set_can_be_written_in_parts(tmp_path):
    whole = write_pages(tmp_path / "whole", 3, 7, CLEAN)
    tail = write_pages(tmp_path / "parts", 1, 7, CLEAN, first=2)

    assert tail[0].name == whole[2].name
    assert tail[0].read_bytes() == whole[2].read_bytes()


@pytest.mark.parametrize("style", [CLEAN, WORN], ids=["clean", "worn, crooked and bowed"])
@pytest.mark.parametrize("page", [0, 1, 2])
def test_all_ink_of_the_pen_lies_in_the_boxes_of_the_truth(page, style):
    written, ink = pen_ink(3, page, style)

    outside = ink.copy()
    for row in written.truth:
        outside[max(row.y - 2, 0) : row.y + row.h + 2, max(row.x - 2, 0) : row.x + row.w + 2] = False

    assert ink.sum() > 100 * len(written.truth)
    assert outside.sum() < 0.001 * ink.sum()


@pytest.mark.parametrize("style", [CLEAN, WORN], ids=["clean", "worn, crooked and bowed"])
def test_the_boxes_of_the_truth_are_tight(style):
    written, ink = pen_ink(4, 0, style)

    slack = []
    for row in written.truth:
        x, y, w, h = cv2.boundingRect(ink[row.y : row.y + row.h, row.x : row.x + row.w].astype(np.uint8))
        slack.append((x, y, row.w - x - w, row.h - y - h))

    assert np.median(slack, axis=0).max() <= 2
    assert max(map(max, slack)) <= 8


def test_a_worn_page_is_crooked_within_a_degree_and_a_half_and_a_clean_one_is_straight():
    skews = [write_page(1, page, replace(WORN, difficulty=1.0, rows=1)).skew for page in range(8)]

    assert max(map(abs, skews)) <= 1.5
    assert min(skews) < -0.2
    assert max(skews) > 0.2
    assert write_page(1, 0, CLEAN).skew == 0


def test_wear_changes_the_pixels_and_not_what_is_written():
    clean, worn = write_page(5, 1, replace(WORN, difficulty=0.0)), write_page(5, 1, WORN)

    assert [(row.row, row.column, row.text) for row in clean.truth] == [(row.row, row.column, row.text) for row in worn.truth]
    assert (clean.pixels != worn.pixels).mean() > 0.5


def test_the_default_page_is_an_a4_sheet_at_300_dpi_with_some_hundred_digits():
    page = write_page(0, 0)

    assert page.pixels.shape == (3508, 2480)
    assert 100 <= sum(len(row.digits) for row in page.truth) <= 400


def test_the_dense_style_has_about_1200_digits_a_page():
    counts = [sum(len(row.digits) for row in write_page(2, page, replace(STYLES["dense"], dpi=100)).truth) for page in range(6)]

    assert 1000 <= np.mean(counts) <= 1400


def test_every_number_has_the_cell_it_stands_in_and_its_digits_without_the_dot():
    page = write_page(6, 0, replace(CLEAN, decimals=1.0, min_digits=3))

    cells = [(row.row, row.column) for row in page.truth]
    assert len(set(cells)) == len(cells)
    assert any("." in row.text for row in page.truth)
    assert all(row.digits == row.text.replace(".", "") and row.digits.isdigit() for row in page.truth)


def test_printed_words_hold_no_figures():
    truth = write_page(6, 0, replace(CLEAN, rows=50, columns=16, filled=1.0)).truth

    assert len(truth) == 50 * 16
    assert all((row.row + row.column).isalpha() for row in truth)


def test_rows_further_down_and_columns_further_right_lie_there_on_the_page():
    truth = write_page(6, 0, replace(CLEAN, filled=1.0)).truth

    january = [row for row in truth if row.row == "January"]
    wheat = [row for row in truth if row.column == "Wheat"]
    assert [row.x for row in january] == sorted(row.x for row in january)
    assert [row.y + row.h for row in wheat] == sorted(row.y + row.h for row in wheat)


def test_the_truth_file_has_the_columns_of_a_transcription_and_then_the_box(tmp_path):
    image = write_pages(tmp_path, 1, 3, CLEAN)[0]

    rows = list(csv.DictReader((tmp_path / "truth" / f"{image.stem}.csv").open()))

    assert list(rows[0]) == ["row", "column", "text", "digits", "certain", "x", "y", "w", "h"]
    assert [row["digits"] for row in rows] == [row.digits for row in write_page(3, 0, CLEAN).truth]
    assert {row["certain"] for row in rows} == {"1"}


def test_the_truth_of_an_empty_page_is_a_head_alone():
    page = write_page(1, 1, replace(CLEAN, filled=0.0))

    assert len(list(csv.reader(io.StringIO(truth_csv(page.truth))))) == 1


def test_a_jpeg_tells_its_resolution_and_its_tint_keeps_the_lightness():
    page = write_page(2, 0, CLEAN)

    data = to_jpeg(page)

    assert Image.open(io.BytesIO(data)).info["dpi"] == (120, 120)
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert np.abs(grey.astype(int) - page.pixels).mean() < 2
    assert np.ptp(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).mean(axis=(0, 1))) > 3


def test_nothing_half_written_stays_behind(tmp_path, monkeypatch):
    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)

    with pytest.raises(InputError, match="No space left"):
        write_pages(tmp_path, 1, 3, CLEAN)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")

    with pytest.raises(InputError, match="choose a folder"):
        write_pages(tmp_path / "taken", 1, 3, CLEAN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dpi", 20),
        ("rows", 0),
        ("columns", 99),
        ("min_digits", 0),
        ("max_digits", 7),
        ("filled", 1.5),
        ("difficulty", -0.1),
        ("hands", 0),
    ],
)
def test_a_style_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(InputError, match=rf"{name} must lie in .* not {value}"):
        PageStyle(**{name: value})


def test_numbers_cannot_be_longer_than_their_longest():
    with pytest.raises(InputError, match="max_digits"):
        PageStyle(min_digits=4, max_digits=3)


@pytest.mark.parametrize(("seed", "page"), [(-1, 0), (0, -1), (2**40, 0)])
def test_a_seed_or_page_number_out_of_range_is_refused(seed, page):
    with pytest.raises(InputError, match="whole number"):
        write_page(seed, page, CLEAN)


def test_no_pages_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="at least 1"):
        write_pages(tmp_path, 0, 1, CLEAN)


@pytest.mark.parametrize(("text", "height"), [("", 40), ("12a", 40), ("12", 1), ("12", float("nan"))])
def test_the_pen_refuses_what_it_cannot_write(text, height):
    with pytest.raises(InputError, match=r"the pen writes|at least 4 pixels"):
        draw_number(text, make_writer(1), height, default_rng(0))


def test_the_ten_digits_can_be_told_apart_in_every_hand():
    def drawn(hands):
        rng = default_rng(1)
        return [[as_small_image(draw_number(str(digit), make_writer(hand), 40, rng)[0]) for digit in range(10)] for hand in hands]

    known, unseen = np.array(drawn(range(150))), np.array(drawn(range(200, 230)))

    likeness = np.einsum("hdp,kep->hdke", unseen, known).max(axis=2)
    assert (likeness.argmax(axis=2) == np.arange(10)).mean() > 0.95


def test_two_hands_differ_more_than_two_repetitions_of_one():
    def eights(hand, count):
        rng = default_rng(3)
        return [as_small_image(draw_number("3", hand, 48, rng)[0]) for _ in range(count)]

    of_one = eights(make_writer(11), 12)
    of_many = [eights(make_writer(hand), 1)[0] for hand in range(20, 32)]

    assert np.var(of_many, axis=0).sum() > 2 * np.var(of_one, axis=0).sum()


@settings(max_examples=30, deadline=None)
@given(text=st.text("0123456789.", min_size=1, max_size=8), hand=st.integers(0, 10**6), height=st.floats(8, 120))
def test_every_digit_of_a_number_has_a_box_with_ink_inside_the_drawing(text, hand, height):
    ink, boxes = draw_number(text, make_writer(hand), height, default_rng(hand))

    assert len(boxes) == sum(character.isdigit() for character in text)
    assert list(boxes) == sorted(boxes, key=lambda box: box.x)
    for box in boxes:
        assert 0 <= box.x < box.right <= ink.shape[1]
        assert 0 <= box.y < box.bottom <= ink.shape[0]
        assert ink[box.y : box.bottom, box.x : box.right].max() > 100


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 50),
    columns=st.integers(1, 16),
    lengths=st.tuples(st.integers(1, 6), st.integers(1, 6)).map(sorted),
    difficulty=st.floats(0, 1),
)
def test_the_boxes_of_any_page_lie_inside_it_and_hold_as_many_digits_as_asked(seed, rows, columns, lengths, difficulty):
    style = PageStyle(dpi=100, rows=rows, columns=columns, min_digits=lengths[0], max_digits=lengths[1], difficulty=difficulty)

    page = write_page(seed, 0, style)

    height, width = page.pixels.shape
    for row in page.truth:
        assert lengths[0] <= len(row.digits) <= lengths[1]
        assert 0 <= row.x < row.x + row.w <= width
        assert 0 <= row.y < row.y + row.h <= height
