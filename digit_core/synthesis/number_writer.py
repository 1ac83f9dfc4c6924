"""Writing of a number: its figures set side by side in one style, with points and dashes, and the place of each.

Lengths are in heights of a figure unless said otherwise; ink is uint8, 0 paper and 255 ink.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.synthesis.glyph_bank import FACES, GlyphBank, GlyphSet, figure_of, printed, trimmed
from digit_core.synthesis.marks import FRACTIONS, MAKERS, fraction
from digit_core.synthesis.non_digits import Ink

_HANGING = {"3": 0.28, "4": 0.25, "5": 0.28, "7": 0.3, "9": 0.3}
_TAILS = {"7": 1.0, "9": 1.0, "1": 0.25, "4": 0.3, "3": 0.15, "5": 0.15}
_SMALL = {"0": 0.68, "1": 0.7, "2": 0.72}
_PRINT_SIZE = 40


@dataclass(frozen=True, slots=True)
class Manner:
    """Style of one number. `face` is the index of a printed typeface, or -1 for handwriting.

    height in pixels; aspect: width relative to MNIST's figures; gap: between two figures; rise: of the baseline, per pixel; blur
    (in pixels of the glyph bank) and pen (the grey levels after it): its stroke; old: hanging and small figures; tails: share of
    7s and 9s drawn out below the baseline; dot: height of a point above the baseline; ink: its strength, up to 1.
    """

    hand: GlyphSet
    face: int
    height: float
    aspect: float
    slant: float
    rise: float
    gap: float
    jitter: float
    old: bool
    tails: float
    blur: float
    pen: NDArray[np.uint8]
    dot: float
    ink: float


@dataclass(frozen=True, slots=True)
class Glyph:
    """One written character and its ink: `x`, `y` is the upper left corner of `ink` from where the number begins on its
    baseline."""

    character: str
    ink: Ink
    x: float
    y: float


def manner(hands: GlyphBank, rng: Generator, height: float, *, drawn: float = 0.35, printed_share: float = 0.12) -> Manner:
    """Draw the style of one writer, or of a printer, for a number of that height in pixels."""
    in_print = rng.random() < printed_share
    level, edge = rng.uniform(45, 150), rng.uniform(15, 70)
    return Manner(
        hand=hands.any(rng, drawn),
        face=int(rng.integers(FACES)) if in_print else -1,
        height=height,
        aspect=float(rng.uniform(0.85, 1.15) if in_print else np.exp(rng.normal(0.0, 0.2))),
        slant=0.0 if in_print else float(np.clip(rng.normal(0.12, 0.22), -0.5, 0.8)),
        rise=float(rng.normal(0, 0.004 if in_print else 0.025 if rng.random() < 0.85 else 0.12)),
        gap=float(
            rng.uniform(0.03, 0.12)
            if in_print
            else rng.choice([rng.uniform(-0.06, 0.06), rng.uniform(0.03, 0.3), rng.uniform(0.25, 0.7)], p=[0.3, 0.5, 0.2])
        ),
        jitter=0.0 if in_print else float(rng.uniform(0.02, 0.11)),
        old=not in_print and rng.random() < 0.25,
        blur=float(rng.uniform(0.5, 1.7)),
        pen=np.clip((np.arange(256) - level + edge) * (255 / (2 * edge)), 0, 255).astype(np.uint8),
        tails=0.0 if rng.random() < 0.5 else float(rng.uniform(0.3, 1.0)),
        dot=float(rng.choice([0.0, rng.uniform(0.2, 0.6)])),
        ink=float(rng.uniform(0.35, 1.0)),
    )


def write_text(text: str, how: Manner, rng: Generator) -> list[Glyph]:
    """Write the characters of a text, left to right; the baseline is y = 0, upwards is negative."""
    glyphs: list[Glyph] = []
    x = 0.0
    for character in text:
        for ink, width, y in _character(character, how, rng):
            lift = -how.rise * x
            before = max(0.0, (width - ink.shape[1]) / 2) if character == "." else 0.0
            glyphs.append(Glyph(character, ink, x + before, y + lift))
            x += width + how.height * (how.gap + rng.normal(0, 0.3 * how.jitter))
    return glyphs


def _character(character: str, how: Manner, rng: Generator) -> Iterator[tuple[Ink, float, float]]:
    """Yield the ink, how far it moves the pen, and its top."""
    if character == ".":
        yield _point(how, rng)
    elif character == "-":
        yield _dash(how, rng)
    elif character in FRACTIONS:
        yield from _fraction(FRACTIONS[character], how, rng)
    elif character in MAKERS:
        yield MAKERS[character](how.height, rng)
    else:
        ink = _figure(int(character), how, rng)
        if ink is not None:
            ink, tail = _with_tail(character, ink, how, rng)
            yield _sized(character, ink, tail, how, rng)


def _fraction(figures: tuple[str, str], how: Manner, rng: Generator) -> Iterator[tuple[Ink, float, float]]:
    upper, lower = (_figure(int(figure), how, rng) for figure in figures)
    if upper is not None and lower is not None:
        yield fraction(upper, lower, how.height, rng)


def _figure(digit: int, how: Manner, rng: Generator) -> Ink | None:
    if how.face >= 0:
        type_ = printed(str(digit), how.face, _PRINT_SIZE)
        return (
            type_ if type_ is None or how.blur < 1.1 else _inked(cv2.copyMakeBorder(type_, 4, 4, 4, 4, cv2.BORDER_CONSTANT), how)
        )
    figure = figure_of(how.hand, digit, rng)
    margin = 5
    h, w = figure.shape
    lean = how.slant + rng.normal(0, 0.5 * how.jitter)
    reach = abs(lean) * h
    matrix = np.array([[1, -lean, margin + (reach if lean > 0 else 0)], [0, 1, margin]], np.float32)
    leaning = cv2.warpAffine(figure, matrix, (int(w + reach) + 2 * margin, h + 2 * margin), flags=cv2.INTER_LINEAR)
    return _inked(np.asarray(leaning, np.uint8), how)


def _inked(figure: Any, how: Manner) -> Ink | None:
    """Redraw with another pen: blurred ink thresholded at a higher or lower level."""
    inked = np.asarray(cv2.LUT(cv2.GaussianBlur(figure, (0, 0), how.blur), how.pen), np.uint8)
    return trimmed(inked if inked.max() > 128 else np.asarray(figure, np.uint8))


def _with_tail(character: str, ink: Ink, how: Manner, rng: Generator) -> tuple[Ink, float]:
    """Stretch the lower part, as in quickly written 7 and 9; also return the factor by which the figure has become higher."""
    share = 0.0 if how.face >= 0 else how.tails * _TAILS.get(character, 0.0)
    if rng.random() >= share:
        return ink, 1.0
    h, w = ink.shape
    kept = round(h * rng.uniform(0.4, 0.6))
    lower = cv2.resize(ink[kept:], (w, max(1, round((h - kept) * rng.uniform(1.3, 2.8)))), interpolation=cv2.INTER_LINEAR)
    drawn = np.concatenate([ink[:kept], np.asarray(lower, np.uint8)])
    return drawn, drawn.shape[0] / h


def _sized(character: str, ink: Ink, tail: float, how: Manner, rng: Generator) -> tuple[Ink, float, float]:
    size = how.height * np.exp(rng.normal(0, how.jitter)) * tail
    hang = rng.normal(0, 0.3 * how.jitter) * how.height + (tail - 1) * how.height * rng.uniform(0.6, 1.0)
    if how.old:
        size *= _SMALL.get(character, 1.0)
        hang += _HANGING.get(character, 0.0) * how.height
    h, w = ink.shape
    # a figure that is wider than high (a flat 1 or a broad 7 of MNIST's) is not scaled to full height
    height = max(3.0, size * min(1.0, 1.6 * h / max(w, 1)) if how.face < 0 and tail == 1 else size)
    width = max(1.0, w * height / h * how.aspect)
    scaled = cv2.resize(ink, (max(2, round(width)), max(3, round(height))), interpolation=cv2.INTER_AREA)
    return np.asarray(scaled, np.uint8), max(0.55 * width, width - abs(how.slant) * height), hang - height


def _point(how: Manner, rng: Generator) -> tuple[Ink, float, float]:
    radius = max(0.8, how.height * rng.uniform(0.05, 0.11))
    length = radius * (1 if rng.random() < 0.8 else rng.uniform(1.2, 1.8))  # pens slip
    side = int(np.ceil(2 * length + 2 * radius)) + 2
    canvas = np.zeros((side, side), np.uint8)
    middle = side / 2
    down = (round((middle - 0.5 * (length - radius)) * 8), round((middle + length - radius) * 8))
    cv2.line(
        canvas, (round(middle * 8), round((middle - length + radius) * 8)), down, 255, max(1, round(2 * radius)), cv2.LINE_AA, 3
    )
    ink = trimmed(canvas)
    ink = canvas if ink is None else ink
    rise = how.dot * how.height + rng.normal(0, 0.03) * how.height
    aside = how.height * (0.05 if rng.random() < 0.5 else rng.uniform(0.05, 0.9))
    return ink, ink.shape[1] + aside, -rise - ink.shape[0] * rng.uniform(0.2, 0.9)


def _dash(how: Manner, rng: Generator) -> tuple[Ink, float, float]:
    length = max(4.0, how.height * rng.uniform(0.35, 1.2))
    pen = max(1, round(how.height * rng.uniform(0.06, 0.13)))
    double = rng.random() < 0.25
    apart = how.height * rng.uniform(0.18, 0.3) if double else 0.0
    height, width = int(pen + apart + 0.2 * how.height) + 3, int(length) + 4
    canvas = np.zeros((height, width), np.uint8)
    for y in {pen, pen + round(apart)}:
        xs = np.linspace(1, width - 2, 8)
        ys = y + rng.normal(0, 0.03 * how.height) * np.sin(xs / length * 5) + np.linspace(0, rng.normal(0, 0.06) * how.height, 8)
        points = np.stack([xs, np.clip(ys, 0, height - 1)], axis=1).round().astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, pen, cv2.LINE_AA)
    return canvas, float(width), -how.height * rng.uniform(0.3, 0.6) - height / 2
