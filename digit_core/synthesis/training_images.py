"""Synthetic training images with known numbers, for detector and strip reader: strips of one number, and patches of several
lines.

Pixels are darkness as `background.flatten` gives it: uint8 of shape (height, width), 0 paper, 255 black.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.inference.network_spec import STRIP_HEIGHT
from digit_core.synthesis.background import blots, flourish, lay, rule, shown_through, word
from digit_core.synthesis.glyph_bank import GlyphBank
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.number_writer import Glyph, Manner, manner, write_text

_SEEN = 0.7
"""Share of a character that must lie inside the picture; one with less is ignored in training."""


@dataclass(frozen=True, slots=True)
class CharacterPlace:
    """Place of a character: left, top, right, bottom in pixels; `asked` is False for one that is cut by the edge."""

    character: str
    left: float
    top: float
    right: float
    bottom: float
    printed: bool
    asked: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A picture, the text of the number it was cut out for ("" for none), and all characters on it."""

    pixels: Ink
    text: str
    places: tuple[CharacterPlace, ...]


def write_strip(hands: GlyphBank, rng: Generator) -> Sample:
    """Write a cell with one number (or none) cut out of a page, `STRIP_HEIGHT` pixels high and as wide as needed."""
    size = float(rng.uniform(13, 36))
    text = "" if rng.random() < 0.06 else number_text(rng)
    how = manner(hands, rng, size)
    glyphs = write_text(text, how, rng)
    left, top, right, bottom = _extent(glyphs) if glyphs else (0, -size, size * rng.uniform(0.5, 4), 0)
    # a cell is cut so that its number fills the remaining height, hanging figures included
    scale = min(1.0, (STRIP_HEIGHT - 2) / (bottom - top))
    if scale < 1:
        glyphs = write_text(text, how := replace(how, height=size * scale), rng)
        size *= scale
        left, top, right, bottom = _extent(glyphs) if glyphs else (0, -size, right, 0)
    before, after = (max(1, round(size * rng.choice([rng.uniform(0.05, 0.4), rng.uniform(0.1, 1.5)]))) for _ in range(2))
    width = int(np.clip(right - left + before + after, 24, 512))
    line = (STRIP_HEIGHT - (bottom + top)) / 2 + rng.normal(0, 0.1) * size
    page = _Page(STRIP_HEIGHT, width, rng)
    page.write(glyphs, before - left, line, how)
    if rng.random() < 0.5:
        rule(page.print, rng, size, line)
    if rng.random() < 0.3:
        _rows_beside(page, hands, rng, how, line)
    if rng.random() < 0.2:
        _scrap_at_edge(page, hands, rng, how, (before - left + left, before + right - left), line)
    if not text and rng.random() < 0.8:
        lay(
            page.pen,
            word(rng, size) if rng.random() < 0.6 else flourish(rng, size),
            before,
            round(line - size),
            rng.uniform(0.4, 1),
        )
    return Sample(page.scanned(rng), text, tuple(page.places))


def number_text(rng: Generator) -> str:
    """Generate the text of a cell: up to eight digits, sometimes a point or comma, dashes before or after."""
    length = int(rng.choice([1, 2, 3, 4, 5, 6, 7, 8], p=[0.14, 0.2, 0.22, 0.16, 0.1, 0.08, 0.06, 0.04]))
    digits = "".join(map(str, rng.integers(0, 10, length)))
    if rng.random() < 0.1:
        digits = digits[0] * length  # repetitions, where readers tend to miscount
    luck = rng.random()
    if luck < 0.3 and length > 1:
        at = int(rng.integers(1, length)) if rng.random() < 0.85 else 0
        digits = f"{digits[:at]}.{digits[at:]}"
    luck = rng.random()
    if luck < 0.05:
        return "-" + digits
    if luck < 0.13:
        return digits + ("-" if rng.random() < 0.6 else ".-")
    return "-" if luck > 0.985 else digits


def _extent(glyphs: Sequence[Glyph]) -> tuple[float, float, float, float]:
    return (
        min(g.x for g in glyphs),
        min(g.y for g in glyphs),
        max(g.x + g.ink.shape[1] for g in glyphs),
        max(g.y + g.ink.shape[0] for g in glyphs),
    )


def _rows_beside(page: _Page, hands: GlyphBank, rng: Generator, how: Manner, line: float) -> None:
    """Draw the feet of the line above and the heads of the line below."""
    for step in (-1, 1):
        if rng.random() < 0.7:
            glyphs = write_text(number_text(rng), how, rng)
            away = how.height * rng.uniform(1.15, 1.9)
            page.write(glyphs, rng.uniform(-1, 2) * how.height, line + step * away, how)


def _scrap_at_edge(page: _Page, hands: GlyphBank, rng: Generator, how: Manner, number: tuple[float, float], line: float) -> None:
    """Draw the end of the previous number or the start of the next one, cut by the edge."""
    glyphs = write_text(str(rng.integers(10)), how, rng)
    left, _, right, _ = _extent(glyphs)
    width = page.pen.shape[1]
    seen = (right - left) * rng.uniform(0.1, 0.5)
    if rng.random() < 0.5:
        if seen < number[0] - 0.25 * how.height:
            page.write(glyphs, seen - right, line, how)
    elif width - seen > number[1] + 0.25 * how.height:
        page.write(glyphs, width - seen - left, line, how)


class _Page:
    """A sheet that is written on in two layers, with the places of its characters."""

    def __init__(self, height: int, width: int, rng: Generator) -> None:
        self.pen = np.zeros((height, width), np.uint8)
        self.print = np.zeros((height, width), np.uint8)
        self.places: list[CharacterPlace] = []
        self._faintest = 1.0
        self._rng = rng

    def write(self, glyphs: Sequence[Glyph], x: float, line: float, how: Manner) -> None:
        """Write characters from x on onto a line."""
        layer = self.print if how.face >= 0 else self.pen
        self._faintest = min(self._faintest, how.ink)
        for glyph in glyphs:
            left, top = round(x + glyph.x), round(line + glyph.y)
            lay(layer, glyph.ink, left, top, how.ink * self._rng.uniform(0.85, 1.0))
            self._note(glyph, left, top, how.face >= 0)

    def _note(self, glyph: Glyph, left: int, top: int, printed: bool) -> None:
        height, width = self.pen.shape
        h, w = glyph.ink.shape
        seen_w, seen_h = min(left + w, width) - max(left, 0), min(top + h, height) - max(top, 0)
        if seen_w > 0 and seen_h > 0:
            asked = seen_w * seen_h >= _SEEN * w * h
            self.places.append(CharacterPlace(glyph.character, left, top, left + w, top + h, printed, asked))

    def scanned(self, rng: Generator) -> Ink:
        """Render darkness as a scanner and `flatten` would."""
        ink = np.maximum(self.pen, self.print)
        if rng.random() < 0.3:
            blots(ink, rng, 20)
        if rng.random() < 0.15:
            ink = np.maximum(ink, shown_through(ink, rng))
        return _worn(ink, self._faintest, rng)


def _worn(ink: Ink, faintest: float, rng: Generator) -> Ink:
    """Degrade the ink. faintest: the strength of the faintest number, which must not be lost in noise nor fall under the level of
    a bilevel scan."""
    height, width = ink.shape
    strength = rng.uniform(0.45, 1.0)
    dark: NDArray[np.float32] = ink.astype(np.float32) * np.float32(strength)
    if rng.random() < 0.35:
        sigma = rng.uniform(0.3, 1.1)
        dark = _f32(cv2.GaussianBlur(dark, (0, 0), sigma))
    if rng.random() < 0.12:
        less = rng.uniform(0.5, 0.8)
        small = cv2.resize(dark, (max(8, round(width * less)), max(8, round(height * less))), interpolation=cv2.INTER_AREA)
        dark = _f32(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))
    dark = dark + _texture(height, width, 255 * strength * faintest, rng)
    luck = rng.random()
    if luck < 0.25:
        edge = 255 * strength * faintest * rng.uniform(0.3, 0.6)
        dark = np.where(dark > edge, 255.0, 0.0).astype(np.float32)
        if rng.random() < 0.5:
            dark = _f32(cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.4, 0.8)))
    pixels = np.clip(dark, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return pixels


def _f32(pixels: Any) -> NDArray[np.float32]:
    return np.asarray(pixels, np.float32)


def _texture(height: int, width: int, contrast: float, rng: Generator) -> NDArray[np.float32]:
    """Draw paper: a level, slow shade, grain, sometimes a security pattern."""
    shade = rng.normal(0, rng.uniform(0, 8), (3, 5)).astype(np.float32)
    field = cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC) + np.float32(rng.uniform(0, 14))
    grain = min(0.13 * contrast, float(rng.choice([1.0, 4.0, 10.0, 18.0], p=[0.3, 0.4, 0.2, 0.1])))
    field += rng.standard_normal((height, width), np.float32) * np.float32(grain)
    if rng.random() < 0.08:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        a, b = rng.uniform(0.2, 1.2, 2)
        wave = np.sin(a * x + rng.uniform(1, 4) * np.sin(0.1 * y)) + np.sin(b * y + rng.uniform(1, 4) * np.sin(0.08 * x))
        field += np.float32(min(0.12 * contrast, rng.uniform(4, 22))) * wave.astype(np.float32)
    return np.asarray(field, np.float32)
