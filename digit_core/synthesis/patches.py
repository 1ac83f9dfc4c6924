"""Synthetic patches of archive pages for training the detector: lines of numbers and words, and the place of each character.

A patch is darkness as preparation gives it: uint8 of shape (height, width), 0 paper, 255 black.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.recognition.detector import strengthened
from digit_core.records import Grey
from digit_core.synthesis.background import blots, flourish, lay, rule, shown_through, word
from digit_core.synthesis.borders import bordered, dashed_ruling
from digit_core.synthesis.glyph_bank import GlyphBank
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.number_strips import Stock
from digit_core.synthesis.number_texts import any_text
from digit_core.synthesis.number_writer import Glyph, Manner, manner, write_text
from digit_core.synthesis.papers import worn
from digit_core.synthesis.training_images import CharacterPlace, number_text

_SEEN = 0.7
"""Share of a character that must lie inside the picture; one with less is ignored in training."""

_FOUND = "0123456789.-,+/:°"
"""Characters that the detector finds; the others are nothing."""

_UNKNOWN = "½¼¾"
"""Characters that contain digits and are none: ignored in training."""

_PRINTED = 0.2
"""Share of numbers that are printed."""

_SMALLEST, _LARGEST = 13.0, 38.0


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A picture, the characters on it, and a mask (h/4, w/4) of cells that are ignored in training."""

    pixels: Grey
    places: tuple[CharacterPlace, ...]
    open: NDArray[np.bool_]


def write_patch(stock: Stock, words: Sequence[Ink], rng: Generator, height: int, width: int) -> Patch:
    """Write a patch with the stock's handwriting; words: real ones, ink in darkness cut tight, may be empty."""
    size = float(np.exp(rng.uniform(np.log(_SMALLEST), np.log(_LARGEST))))
    sheet = _Sheet(stock, words, rng, height, width)
    how = sheet.manner(size)
    pitch, line = size * rng.uniform(1.15, 2.6), size * rng.uniform(0.2, 1.4)
    columns = size * rng.uniform(1.5, 7) if rng.random() < 0.6 else 0.0
    wordy = float(rng.choice([0.1, 0.3, 0.6, 0.9]))
    if rng.random() < 0.65:
        rule(sheet.print, rng, size, line)
    while line < height + 0.6 * size:
        sheet.write_line(how, line, columns, wordy)
        line += pitch
        if rng.random() < 0.2:
            how = sheet.manner(float(np.clip(size * rng.uniform(0.6, 1.6), _SMALLEST, _LARGEST)))
    return sheet.scanned(size)


class _Sheet:
    """A sheet that is written on in two layers, with the places of its characters."""

    def __init__(self, stock: Stock, words: Sequence[Ink], rng: Generator, height: int, width: int) -> None:
        self.pen = np.zeros((height, width), np.uint8)
        self.print = np.zeros((height, width), np.uint8)
        self._stock, self._words, self._rng = stock, words, rng
        self._places: list[CharacterPlace] = []
        self._faintest = 1.0

    def manner(self, size: float) -> Manner:
        """Draw a style for figures of that height."""
        return manner(GlyphBank(self._stock.hand(self._rng), ()), self._rng, size, drawn=0.0, printed_share=_PRINTED)

    def write_line(self, how: Manner, line: float, columns: float, wordy: float) -> None:
        """Fill a line; wordy: share of words on it; columns: their distance, 0 for none."""
        rng, size = self._rng, how.height
        x = rng.uniform(-1.5, 1) * size
        while x < self.pen.shape[1]:
            luck = rng.random()
            if luck < wordy:
                end = self._lay_ink(self._word(size), x, line)
            elif luck < wordy + 0.06:
                end = self._lay_ink(flourish(rng, size), x, line)
            elif luck < 0.9 or wordy > 0.8:
                end = self._write_number(how if rng.random() < 0.8 else self.manner(size), x, line)
            else:
                end = x + 2 * size
            x = end + size * rng.uniform(0.4, 2.2)
            if columns:
                x = columns * np.ceil(x / columns) + rng.normal(0, 0.1) * size

    def _write_number(self, how: Manner, x: float, line: float) -> float:
        rng = self._rng
        text = number_text(rng) if rng.random() < 0.7 else any_text(rng).replace("?", "")
        glyphs = write_text(text, how, rng)
        if not glyphs:
            return x + how.height
        left, right = min(g.x for g in glyphs), max(g.x + g.ink.shape[1] for g in glyphs)
        self._write(glyphs, x - left, line + rng.normal(0, 0.05) * how.height, how)
        return float(x + right - left)

    def _word(self, size: float) -> Ink:
        rng = self._rng
        if not self._words or rng.random() < 0.4:
            return word(rng, size * rng.uniform(0.6, 1.1))
        ink = self._words[int(rng.integers(len(self._words)))]
        height = max(6, round(size * rng.uniform(1.0, 2.0)))
        across = max(6, round(ink.shape[1] * height / ink.shape[0] * float(np.exp(rng.normal(0, 0.1)))))
        return np.asarray(cv2.resize(ink, (across, height), interpolation=cv2.INTER_AREA), np.uint8)

    def _lay_ink(self, ink: Ink, x: float, line: float) -> float:
        layer = self.pen if self._rng.random() < 0.7 else self.print
        top = round(line - ink.shape[0] * self._rng.uniform(0.75, 1.1))
        lay(layer, ink, round(x), top, self._rng.uniform(0.4, 1))
        return float(x + ink.shape[1])

    def _write(self, glyphs: Sequence[Glyph], x: float, line: float, how: Manner) -> None:
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
        known = glyph.character in _FOUND
        if seen_w > 0 and seen_h > 0 and (known or glyph.character in _UNKNOWN):
            asked = known and seen_w * seen_h >= _SEEN * w * h
            self._places.append(CharacterPlace(glyph.character, left, top, left + w, top + h, printed, asked))

    def scanned(self, size: float) -> Patch:
        """Render as a scanner and preparation would."""
        rng = self._rng
        ink = np.maximum(self.pen, self.print)
        if rng.random() < 0.3:
            blots(ink, rng, 20)
        if rng.random() < 0.15:
            ink = np.maximum(ink, shown_through(ink, rng))
        for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.15 else 0):
            ink = dashed_ruling(ink, rng, float(rng.uniform(0, ink.shape[0])))
        pixels = strengthened(worn(ink, self._faintest, self._stock.patterns, rng, strong=0.25))
        open_ = np.zeros((ink.shape[0] // 4, ink.shape[1] // 4), bool)
        patch = Patch(pixels, tuple(self._places), open_)
        return with_border(patch, rng) if rng.random() < 0.08 else patch


def with_border(patch: Patch, rng: Generator) -> Patch:
    """Add black edges; the characters beneath are ignored in training."""
    pixels, covered = bordered(patch.pixels, rng)
    cells = cv2.resize(covered.astype(np.uint8), patch.open.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    grown = cv2.dilate(cells.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    places = tuple(place for place in patch.places if not _touches(place, covered))
    hidden = np.zeros_like(patch.open)
    for place in patch.places:
        if _touches(place, covered):
            hidden[_cells(place)] = True
    return Patch(pixels, places, patch.open | (hidden & grown))


def _touches(place: CharacterPlace, covered: NDArray[np.bool_]) -> bool:
    part = covered[max(0, int(place.top)) : int(place.bottom) + 1, max(0, int(place.left)) : int(place.right) + 1]
    return bool(part.size and part.mean() > 0.15)


def _cells(place: CharacterPlace) -> tuple[slice, slice]:
    return (
        slice(max(0, int(place.top) // 4), int(place.bottom) // 4 + 1),
        slice(max(0, int(place.left) // 4), int(place.right) // 4 + 1),
    )
