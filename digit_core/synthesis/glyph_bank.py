"""Glyphs to write numbers with: MNIST's digits redrawn, figures drawn by simulated pens, and printed type.

A figure is ink cut tight: uint8 of shape (height, width), 0 paper, 255 ink, about 32 to 40 pixels high.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digit_core.errors import InputError
from digit_core.synthesis.augmentation import redrawn
from digit_core.synthesis.fonts import font
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.pen import draw_number, make_writer

GlyphSet = tuple[tuple[Ink, ...], ...]
"""The figures of a writer for each of the digits 0 to 9."""

_PENS = 2
"""Repetitions of each figure by a simulated pen: a person's figures are similar, but never the same."""


@dataclass(frozen=True, slots=True)
class GlyphBank:
    """A stock of handwriting: `mixed` is one set made of all MNIST's writers, the others are one pen's each."""

    mixed: GlyphSet
    pens: tuple[GlyphSet, ...]

    def any(self, rng: Generator, drawn: float) -> GlyphSet:
        """Choose one set for a number; `drawn` is the share of simulated pens."""
        return self.pens[rng.integers(len(self.pens))] if self.pens and rng.random() < drawn else self.mixed


def make_glyph_bank(
    images: NDArray[np.uint8], labels: NDArray[np.integer], rng: Generator, *, digits: int, pens: int
) -> GlyphBank:
    """Make a bank of `digits` figures of MNIST (images (n, 28, 28), labels (n,)), freshly redrawn, and of `pens` simulated
    writers.

    Raises InputError when a digit is missing in both.
    """
    chosen = rng.permutation(len(images))[:digits]
    figures: list[list[Ink]] = [[] for _ in range(10)]
    for index in chosen:
        label = int(labels[index])
        figure = trimmed(redrawn(images[index], label, rng))
        if figure is not None:
            figures[label].append(figure)
    writers = tuple(_pen(rng) for _ in range(pens))
    mixed = tuple(tuple(found) or (writers[0][digit] if writers else ()) for digit, found in enumerate(figures))
    if not all(mixed):
        raise InputError("some digits have no figure: give digits of all ten classes, or a pen")
    return GlyphBank(mixed, writers)


def _pen(rng: Generator) -> GlyphSet:
    habits = make_writer(int(rng.integers(2**31)))
    # size, hang and slant belong to the number that is written, not to the bank
    hand = replace(habits, slant=0.0, small=1.0, descend=0.0, deform=float(rng.uniform(0.01, 0.035)))
    return tuple(tuple(draw_number(str(d), hand, 40, rng)[0] for _ in range(_PENS)) for d in range(10))


def trimmed(ink: Ink) -> Ink | None:
    """Cut to its ink; None where there is none."""
    x, y, w, h = cv2.boundingRect((ink > 60).astype(np.uint8))
    return ink[y : y + h, x : x + w] if w and h else None


_FILES = (
    "DejaVuSans DejaVuSans-Bold DejaVuSans-Oblique DejaVuSansMono DejaVuSansMono-Bold DejaVuSerif DejaVuSerif-Bold "
    "DejaVuSerif-Italic STIXGeneral STIXGeneralBol STIXGeneralItalic STIXGeneralBolIta cmr10 cmb10 cmss10 cmtt10 cmti10 cmmi10"
)
_FACES = tuple(_FILES.split())
FACES = len(_FACES)


@cache
def printed(text: str, face: int, size: int) -> Ink | None:
    """Draw a printed character or word, cut tight; None where the face does not have it."""
    letters = font(_FACES[face], size)
    left, top, right, bottom = letters.getbbox(text)
    if right <= left or bottom <= top:
        return None
    canvas = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), text, 255, letters)
    return trimmed(np.asarray(canvas, np.uint8))


def figure_of(hand: GlyphSet, digit: int, rng: Generator) -> Ink:
    """Choose one of the set's figures for the digit."""
    figures = hand[digit]
    return figures[int(rng.integers(len(figures)))]
