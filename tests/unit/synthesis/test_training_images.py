"""Scraps to learn from: what is said of them must be what is on them."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.inference.network_spec import PLAIN, STRIP_HEIGHT
from digit_core.synthesis.glyph_bank import GlyphBank, make_glyph_bank
from digit_core.synthesis.training_images import number_text, write_strip


@pytest.fixture(scope="module")
def hands() -> GlyphBank:
    """Figures of invented pens, and of ten digits in MNIST's size that are mere bars."""
    images = np.zeros((10, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    return make_glyph_bank(images, np.arange(10), np.random.default_rng(0), digits=10, pens=4)


def test_a_strip_holds_its_text_from_left_to_right(hands: GlyphBank) -> None:
    rng = np.random.default_rng(1)
    asked = []
    for strip in (write_strip(hands, rng) for _ in range(60)):
        assert strip.pixels.shape[0] == STRIP_HEIGHT
        assert strip.pixels.dtype == np.uint8
        own = list(strip.places[: len(strip.text)])
        assert "".join(place.character for place in own) == strip.text
        asked += [place.asked for place in own]
        assert [p.left for p in own] == sorted(p.left for p in own) or "." in strip.text or "-" in strip.text
    assert np.mean(asked) > 0.97  # a tail or a head may be cut by the strip's edge


def test_ink_is_where_a_strip_says_it_is(hands: GlyphBank) -> None:
    rng = np.random.default_rng(2)
    darker = []
    for strip in (write_strip(hands, rng) for _ in range(40)):
        for place in strip.places:
            inside = strip.pixels[max(0, int(place.top)) : int(place.bottom), max(0, int(place.left)) : int(place.right)]
            darker.append(float(inside.max(initial=0)) > float(np.median(strip.pixels)) + 8)

    assert np.mean(darker) > 0.97


def test_the_same_seed_writes_the_same(hands: GlyphBank) -> None:
    one, other = (write_strip(hands, np.random.default_rng(5)) for _ in range(2))

    assert np.array_equal(one.pixels, other.pixels)
    assert one.places == other.places


def test_numbers_hold_nothing_that_the_reader_cannot_say() -> None:
    rng = np.random.default_rng(3)
    texts = [number_text(rng) for _ in range(500)]

    assert set("".join(texts)) == set(PLAIN.characters)
    assert max(sum(c.isdigit() for c in text) for text in texts) == 8
