"""Strips that are written to learn from: what they say stands on them, and nothing is outside the alphabet."""

import cv2
import numpy as np
import pytest

from digit_core.inference.network_spec import CHARACTERS, STRIP_HEIGHT
from digit_core.synthesis import number_texts
from digit_core.synthesis.glyph_bank import make_glyph_bank
from digit_core.synthesis.marks import FRACTIONS, MAKERS, fraction
from digit_core.synthesis.number_strips import WIDEST, Line, Stock, write_number_strip
from digit_core.synthesis.papers import cleaned, make_patterns, worn
from digit_core.synthesis.real_strips import FIGURE, cut_out, vary
from digit_core.synthesis.stroke_figures import Pen, inked_strokes, plainly_drawn


@pytest.fixture(scope="module")
def stock() -> Stock:
    rng = np.random.default_rng(0)
    bank = make_glyph_bank(np.zeros((0, 28, 28), np.uint8), np.zeros(0, int), rng, digits=0, pens=3)
    line = Line(np.full((40, 90), 255, np.uint8), "12-3")
    return Stock(((1.0, bank.pens),), make_patterns(rng, 8), (line,), 0.2)


@pytest.mark.parametrize("kind", number_texts.KINDS)
def test_every_text_is_in_the_alphabet(kind):
    rng = np.random.default_rng(1)

    texts = [kind(rng) for _ in range(200)]

    assert all(texts)
    assert set("".join(texts)) <= set(CHARACTERS)


def test_texts_hold_every_character_and_no_more_than_fourteen():
    rng = np.random.default_rng(2)

    texts = [number_texts.any_text(rng) for _ in range(8000)]

    assert set("".join(texts)) == set(CHARACTERS)
    assert max(map(len, texts)) <= 14


def test_strips_are_as_high_as_they_are_read_and_never_too_wide(stock):
    rng = np.random.default_rng(3)

    for strip in (write_number_strip(stock, rng) for _ in range(120)):
        assert strip.pixels.dtype == np.uint8
        assert strip.pixels.shape[0] == STRIP_HEIGHT
        assert 8 <= strip.pixels.shape[1] <= WIDEST
        assert set(strip.text) <= set(CHARACTERS)


def test_the_same_seed_writes_the_same_strips(stock):
    one, other = (write_number_strip(stock, np.random.default_rng(4)) for _ in range(2))

    assert one.text == other.text
    assert (one.pixels == other.pixels).all()


@pytest.mark.parametrize("mark", sorted(MAKERS))
def test_every_mark_has_ink_and_stands_where_it_belongs(mark):
    rng = np.random.default_rng(5)

    for _ in range(30):
        ink, advance, top = MAKERS[mark](30.0, rng)
        assert ink.max() > 128
        assert np.isfinite([advance, top]).all()
    rows = np.nonzero(ink.max(axis=1) > 100)[0] + top
    if mark == ",":
        assert rows.max() > 0  # it hangs below the line
    if mark in "°'":
        assert rows.min() < -15  # it stands at the top


@pytest.mark.parametrize("sign", FRACTIONS)
def test_a_fraction_holds_both_its_figures(sign):
    tall, wide = np.full((40, 10), 255, np.uint8), np.full((40, 30), 255, np.uint8)

    for seed in range(20):
        ink, advance, _ = fraction(tall, wide, 30.0, np.random.default_rng(seed))
        assert ink.shape[1] <= advance
        assert ink.max() == 255


def test_strokes_are_inked_the_right_way_up():
    hook = [np.array([[0, 0], [0, 100], [40, 100]], np.float32)]  # up, then right at the top

    ink = inked_strokes(hook, 40, Pen(0.1, 0.0, 0.0, 0.0, 1.0, 0.0), np.random.default_rng(0))

    assert ink is not None
    assert ink[:8, -5:].max() == 255
    assert ink[-8:, -5:].max() == 0
    assert abs(ink.shape[0] - 44) <= 3


@pytest.mark.parametrize("strokes", [[], [np.zeros((0, 2), np.float32)], [np.array([[0, 0], [9000, 1]], np.float32)] * 60])
def test_strokes_that_are_no_number_give_no_ink(strokes):
    assert inked_strokes(strokes, 40, Pen.any(np.random.default_rng(0)), np.random.default_rng(0)) is None


def test_a_plain_drawing_is_dark_on_light_with_a_margin():
    picture = plainly_drawn([np.array([[0, 0], [0, 100]], np.float32)])

    assert picture[:, 0].min() == 255
    assert picture.min() == 0


def test_cleaning_takes_away_the_paper_and_leaves_the_ink():
    dark = np.full((40, 120), 60, np.float32)
    dark[10:30, 50:56] = 200

    after = cleaned(dark, np.random.default_rng(0))

    assert after[:5, :5].max() == 0
    assert after[15:25, 51:55].min() > 60


def test_ink_stays_darker_than_any_paper():
    rng = np.random.default_rng(6)
    ink = np.zeros((40, 120), np.uint8)
    cv2.rectangle(ink, (50, 5), (60, 35), 255, -1)
    patterns = make_patterns(rng, 8)

    for _ in range(60):
        paper = worn(ink, 0.6, patterns, rng, strong=1.0).astype(int)
        assert np.median(paper[12:28, 53:57]) > np.median(paper[:, :40])


def test_a_cut_out_is_varied_and_keeps_its_text():
    rng = np.random.default_rng(7)
    page = np.zeros((300, 500), np.uint8)
    cv2.putText(page, "27", (200, 180), cv2.FONT_HERSHEY_SIMPLEX, 3, 255, 4)
    one = cut_out(page, (200.0, 110.0, 330.0, 180.0), 70.0, "27")

    assert one.figure == FIGURE
    strips = [vary(one, (), rng) for _ in range(20)]

    assert {strip.text for strip in strips} == {"27"}
    assert {strip.pixels.shape[0] for strip in strips} == {STRIP_HEIGHT}
    assert sum(strip.pixels.max() > 150 for strip in strips) >= 18  # of thin ink cleaning now and then leaves nothing
    assert len({strip.pixels.shape[1] for strip in strips}) > 5
