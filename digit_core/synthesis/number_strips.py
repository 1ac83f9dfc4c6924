"""Strips with one number each, written with a stock of handwriting and placed as cut out of a page.

A strip is darkness of shape (STRIP_HEIGHT, width), uint8, 0 paper and 255 black, its ink strengthened as for reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.inference.network_spec import STRIP_HEIGHT
from digit_core.recognition.detector import strengthened
from digit_core.synthesis.background import blots, flourish, lay, rule, shown_through
from digit_core.synthesis.glyph_bank import GlyphBank, GlyphSet
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.number_texts import any_text, digits
from digit_core.synthesis.number_writer import Glyph, Manner, manner, write_text
from digit_core.synthesis.papers import FloatImage, worn

WIDEST = 448
"""Pixels: a strip that would be wider is written smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A picture and its text."""

    pixels: Ink
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A whole handwritten number: its ink, 40 pixels high, and its text."""

    ink: Ink
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """Material for strips: `groups` of handwriting and their shares; whole numbers as `lines`, `line_share` of all strips;
    textures of paper."""

    groups: tuple[tuple[float, tuple[GlyphSet, ...]], ...]
    patterns: tuple[FloatImage, ...]
    lines: tuple[Line, ...] = ()
    line_share: float = 0.0
    _shares: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        shares = np.array([share for share, _ in self.groups])
        object.__setattr__(self, "_shares", shares / shares.sum())

    def hand(self, rng: Generator) -> GlyphSet:
        """Choose a set of glyphs."""
        hands = self.groups[int(rng.choice(len(self.groups), p=self._shares))][1]
        return hands[int(rng.integers(len(hands)))]


def write_number_strip(stock: Stock, rng: Generator) -> Strip:
    """Write one strip; one in twenty is blank."""
    if stock.lines and rng.random() < stock.line_share:
        return _strip_of_line(stock, rng)
    text = "" if rng.random() < 0.05 else any_text(rng)
    hand = stock.hand(rng)
    how = manner(GlyphBank(hand, ()), rng, float(_size(rng)), drawn=0.0)
    how = replace(how, ink=float(rng.uniform(0.5, 1.0)), old=how.old and rng.random() < 0.5)
    how, glyphs = _fitting(text, how, rng)
    return _placed(text, glyphs, how, stock, rng)


def _size(rng: Generator) -> float:
    """Draw the height of a figure in pixels: mostly the sizes at which strips are read, and sizes around them."""
    return float(rng.uniform(18, 33) if rng.random() < 0.75 else rng.uniform(10, 38))


def _fitting(text: str, how: Manner, rng: Generator) -> tuple[Manner, list[Glyph]]:
    """Write the text small enough for the strip, hanging figures included."""
    glyphs = write_text(text, how, rng)
    if not glyphs:
        return how, glyphs
    left, top, right, bottom = _extent(glyphs)
    scale = min(1.0, (STRIP_HEIGHT - 2) / (bottom - top), (WIDEST - 40) / (right - left))
    if scale < 1:
        how = replace(how, height=how.height * scale)
        glyphs = write_text(text, how, rng)
    return how, glyphs


def _strip_of_line(stock: Stock, rng: Generator) -> Strip:
    line = stock.lines[int(rng.integers(len(stock.lines)))]
    height = _size(rng) * rng.uniform(1.0, 1.3)
    height = min(height, STRIP_HEIGHT - 2.0, (WIDEST - 40) * line.ink.shape[0] / line.ink.shape[1])
    how = manner(GlyphBank(stock.hand(rng), ()), rng, height / 1.1, drawn=0.0, printed_share=0.0)
    width = max(3, round(line.ink.shape[1] * height / line.ink.shape[0] * float(np.exp(rng.normal(0, 0.1)))))
    ink = cv2.LUT(cv2.GaussianBlur(line.ink, (0, 0), how.blur), how.pen)
    ink = ink if ink.max() > 128 else line.ink
    ink = np.asarray(cv2.resize(ink, (min(width, WIDEST - 8), max(4, round(height))), interpolation=cv2.INTER_AREA), np.uint8)
    return _placed(line.text, [Glyph(line.text, np.asarray(ink, np.uint8), 0.0, -float(ink.shape[0]))], how, stock, rng)


def _placed(text: str, glyphs: Sequence[Glyph], how: Manner, stock: Stock, rng: Generator) -> Strip:
    """Place the number on a strip, with surroundings."""
    size = how.height
    left, top, right, bottom = _extent(glyphs) if glyphs else (0, -size, size * rng.uniform(0.5, 4), 0)
    before, after = (max(1, round(size * _margin(rng))) for _ in range(2))
    width = int(np.clip(right - left + before + after, 24, WIDEST))
    line = (STRIP_HEIGHT - (bottom + top)) / 2 + rng.normal(0, 0.09) * size
    sheet = _Sheet(width, rng)
    sheet.write(glyphs, before - left, line, how)
    _surround(sheet, stock, how, line, (before, before + right - left), rng)
    ink = np.maximum(bent(sheet.pen, size, rng) if rng.random() < 0.4 else sheet.pen, sheet.print)
    if rng.random() < 0.12:
        ink = uneven(ink, size, rng)
    if rng.random() < 0.25:
        blots(ink, rng, 20)
    if rng.random() < 0.15:
        ink = np.maximum(ink, shown_through(ink, rng))
    paper = worn(ink, how.ink, stock.patterns, rng)
    paper[:, : sheet.edges[0]], paper[:, sheet.edges[1] :] = 0, 0
    return Strip(strengthened(paper), text)


def bent(ink: Ink, size: float, rng: Generator) -> Ink:
    """Move the ink by a smooth random field, by up to a tenth of a figure's height, as another hand would have written it."""
    height, width = ink.shape
    field = rng.normal(0, rng.uniform(0.01, 0.05) * size, (2, 4, max(3, round(1.6 * width / size)))).astype(np.float32)
    dx, dy = (cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in field)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(cv2.remap(ink, (x + dx).astype(np.float32), (y + dy).astype(np.float32), cv2.INTER_LINEAR), np.uint8)


def uneven(ink: Ink, size: float, rng: Generator) -> Ink:
    """Make the ink fainter in places, as a dry pen, a worn ribbon or a coarse copy does."""
    height, width = ink.shape
    grain = max(1.5, size * rng.uniform(0.06, 0.3))
    coarse = rng.uniform(0.0, 1.6, (max(2, round(height / grain)), max(2, round(width / grain)))).astype(np.float32)
    share = np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), rng.uniform(0.3, 0.7), 1)
    return np.asarray(ink * share, np.uint8)


def _margin(rng: Generator) -> float:
    return float(rng.uniform(0.25, 0.65) if rng.random() < 0.5 else rng.choice([rng.uniform(0.03, 0.4), rng.uniform(0.1, 1.8)]))


def _surround(sheet: _Sheet, stock: Stock, how: Manner, line: float, number: tuple[float, float], rng: Generator) -> None:
    if rng.random() < 0.4:
        rule(sheet.print, rng, how.height, line)
    if rng.random() < 0.2:
        _dashed(sheet.print, line - how.height * rng.uniform(-0.2, 1.1), rng)
    if rng.random() < 0.35:
        _rows_beside(sheet, stock, how, line, rng)
    if rng.random() < 0.25:
        sheet.cut_off(number, how.height, rng)
    if rng.random() < 0.3:
        _piece_at_edge(sheet, stock, how, line, number, rng)
    if rng.random() < 0.02:
        _ring(sheet.pen, number, line - how.height / 2, how.height, rng)
    if rng.random() < 0.1:
        _border(sheet.print, number, rng)
    if rng.random() < 0.03:
        x = number[1] + how.height * rng.uniform(0.3, 0.8)
        ink = flourish(rng, how.height * 0.8)
        if x + ink.shape[1] * 0.6 > sheet.pen.shape[1]:  # only its edge shows: nobody could read it
            lay(sheet.pen, ink, round(x), round(line - ink.shape[0] * rng.uniform(0.7, 1.1)), rng.uniform(0.4, 1))


def _dashed(layer: Ink, y: float, rng: Generator) -> None:
    """Draw a broken ruling of short pieces, through the figures or beside them."""
    period, thick, shade = rng.uniform(3, 12), int(rng.choice([1, 1, 2, 3])), int(rng.integers(90, 256))
    part, x, tilt = period * rng.uniform(0.35, 0.75), -rng.uniform(0, period), rng.normal(0, 0.01)
    while x < layer.shape[1]:
        ends = [(round(a * 8), round((y + tilt * a) * 8)) for a in (x, x + part)]
        cv2.line(layer, ends[0], ends[1], shade, thick, cv2.LINE_AA, 3)
        x += period


def _border(layer: Ink, number: tuple[float, float], rng: Generator) -> None:
    """Draw the black of a gutter or of a scanner's bed, or a frame's line, up to the number."""
    shade = int(rng.integers(130, 256))
    if rng.random() < 0.5:
        layer[:, : max(0, round(number[0] * rng.uniform(0.2, 0.95)))] = shade
    else:
        layer[:, min(layer.shape[1], round(layer.shape[1] - (layer.shape[1] - number[1]) * rng.uniform(0.2, 0.95))) :] = shade


def _rows_beside(sheet: _Sheet, stock: Stock, how: Manner, line: float, rng: Generator) -> None:
    """Draw the feet of the line above and the heads of the line below."""
    other = how if rng.random() < 0.6 else replace(how, hand=stock.hand(rng))
    for step in (-1, 1):
        if rng.random() < 0.7:
            glyphs = write_text(digits(rng, 6), other, rng)
            away = how.height * rng.uniform(1.2, 1.9)
            sheet.write(glyphs, rng.uniform(-1, 2) * how.height, line + step * away, other)


def _piece_at_edge(sheet: _Sheet, stock: Stock, how: Manner, line: float, number: tuple[float, float], rng: Generator) -> None:
    """Draw the end of the previous number or figure, or the start of the next one, cut by the picture's edge."""
    glyphs = write_text(str(rng.integers(10)), how, rng)
    if not glyphs:
        return
    left, _, right, _ = _extent(glyphs)
    start, end = sheet.edges
    seen = (right - left) * rng.uniform(0.1, 0.5)
    free = how.height * (0.25 if rng.random() < 0.5 else 0.04)
    if rng.random() < 0.5:
        if start + seen < number[0] - free:
            sheet.write(glyphs, start + seen - right, line, how)
    elif end - seen > number[1] + free:
        sheet.write(glyphs, end - seen - left, line, how)


def _ring(layer: Ink, number: tuple[float, float], middle: float, size: float, rng: Generator) -> None:
    """Draw the ring with which clerks mark a number."""
    centre = round((number[0] + number[1]) / 2 + rng.normal(0, 0.1) * size), round(middle + rng.normal(0, 0.05) * size)
    axes = round((number[1] - number[0]) / 2 + size * rng.uniform(0.15, 0.5)), round(size * rng.uniform(0.65, 1.0))
    cv2.ellipse(layer, centre, axes, rng.normal(0, 8), 0, rng.uniform(330, 380), int(rng.integers(120, 256)), 1, cv2.LINE_AA)


def _extent(glyphs: Sequence[Glyph]) -> tuple[float, float, float, float]:
    return (
        min(g.x for g in glyphs),
        min(g.y for g in glyphs),
        max(g.x + g.ink.shape[1] for g in glyphs),
        max(g.y + g.ink.shape[0] for g in glyphs),
    )


class _Sheet:
    """A strip that is written on in two layers; outside its edges, left and right, the picture that it was cut from ends."""

    def __init__(self, width: int, rng: Generator) -> None:
        self.edges = 0, width
        self.pen = np.zeros((STRIP_HEIGHT, width), np.uint8)
        self.print = np.zeros((STRIP_HEIGHT, width), np.uint8)
        self._rng = rng

    def write(self, glyphs: Sequence[Glyph], x: float, line: float, how: Manner) -> None:
        """Write characters from x on onto a line."""
        layer = self.print if how.face >= 0 else self.pen
        for glyph in glyphs:
            lay(layer, glyph.ink, round(x + glyph.x), round(line + glyph.y), how.ink * self._rng.uniform(0.85, 1.0))

    def cut_off(self, number: tuple[float, float], size: float, rng: Generator) -> None:
        """Let the picture end left or right of the number, or on both sides."""
        start, end = self.edges
        if rng.random() < 0.65:
            start = max(start, int(number[0] - size * rng.uniform(-0.03, 0.45)))
        if rng.random() < 0.65:
            end = min(end, int(number[1] + size * rng.uniform(-0.03, 0.45)) + 1)
        self.edges = start, end
