"""The written exam: numbers on strips of paper, and on forms, made for measuring only.

Nothing here is shared with what the reader is taught by: other papers, pens, rulings and marks, so that what is measured is
reading and not remembering. The same seed gives the same strips.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from digit_core.records import Box
from digit_core.synthesis.pen import draw_number, make_writer
from digit_core.training.mnist import read_mnist
from tests.benchmarks.accuracy.paper import captured, crossed_by_rules, sheet

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Figures = Callable[[int, Generator], Grey]
"""A digit and a die -> its ink, cut tight: 0 is paper, 255 is ink."""

LENGTHS = (0.08, 0.15, 0.22, 0.22, 0.15, 0.09, 0.05, 0.04)
"""How often a number has 1, 2, … 8 digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One number on its piece of paper, uint8 grey; `digits` leaves out the marks around and between them."""

    pixels: Grey
    digits: str


@dataclass(frozen=True, slots=True)
class Hand:
    """What stays the same within a number: height in pixels, slant, width, weight of the pen, gap and unrest."""

    height: float
    slant: float
    width: float
    pen: float
    gap: float  # of the height, between two digits; below 0 they touch
    unrest: float

    @staticmethod
    def drawn_by(rng: Generator) -> Hand:
        gap = rng.choice([rng.uniform(-0.13, -0.02), rng.uniform(0, 0.12), rng.uniform(0.12, 0.45)], p=[0.22, 0.5, 0.28])
        return Hand(
            height=float(np.exp(rng.uniform(np.log(20), np.log(78)))),
            slant=float(np.clip(rng.normal(0.12, 0.2), -0.35, 0.6)),
            width=float(rng.uniform(0.75, 1.25)),
            pen=float(rng.uniform(-1, 1)),
            gap=float(gap),
            unrest=float(rng.uniform(0.2, 1)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """Ink of a number on nothing, 0 to 1; `digits` of it, the box of the digits, and where the line runs that it stands on."""

    ink: Floats
    digits: str
    box: Box
    base: int


def mnist_figures(file: Path) -> Figures:
    """Figures of MNIST's test writers, whom no model has seen. Raises InputError if the file is not MNIST."""
    images, labels = read_mnist(file).test
    stock = [images[labels == digit] for digit in range(10)]
    return lambda digit, rng: _tight(stock[digit][rng.integers(len(stock[digit]))])


def pen_figures(digit: int, rng: Generator) -> Grey:
    """Figures of invented pens, for where MNIST is not at hand."""
    return draw_number(str(digit), make_writer(int(rng.integers(1000))), 60.0, rng)[0]


def write_strips(count: int, seed: int, figures: Figures) -> list[Strip]:
    """So many strips; each has a die of its own, so that the first ten are the same whatever the count."""
    return [_strip(default_rng([seed, number]), figures) for number in range(count)]


def _strip(rng: Generator, figures: Figures) -> Strip:
    hand = Hand.drawn_by(rng)
    written = write(number_text(rng), hand, figures, rng)
    room = [round(hand.height * share) for share in rng.uniform((0.15, 0.15, 0.3, 0.3), (0.55, 0.55, 1.4, 1.4))]
    layer = np.pad(written.ink, ((room[0], room[1]), (room[2], room[3])))
    base = written.base + room[0]
    paper = crossed_by_rules(sheet(layer.shape, hand.height, rng), base, hand.height, rng)
    return Strip(captured(paper, layer, hand.height, rng), written.digits)


def number_text(rng: Generator) -> str:
    """A number as people write it: now and then a year, a decimal, money, a leading point, a dash after it."""
    count = int(rng.choice(len(LENGTHS), p=LENGTHS)) + 1
    text = "".join(map(str, rng.integers(0, 10, count)))
    kind = rng.random()
    if kind < 0.06:
        return f"{rng.integers(1700, 1990)}"
    if kind < 0.26 and count > 1:
        at = count - int(rng.integers(1, min(count, 4)))
        return text[:at] + str(rng.choice([".", ".", ",", "-"])) + text[at:]
    if kind < 0.32:
        return "." + text
    return text + "-" if kind < 0.40 else text


def write(text: str, hand: Hand, figures: Figures, rng: Generator) -> Writing:
    """The number in that hand: digits side by side on a line, points and dashes where the text has them."""
    pieces = [_piece(character, hand, figures, rng) for character in text]
    height = round(2.2 * hand.height)
    canvas = np.zeros((height, sum(p.shape[1] for p in pieces) + round((len(text) + 2) * 0.6 * hand.height)), np.float32)
    base, x, boxes = round(1.6 * hand.height), round(0.3 * hand.height), []
    for character, piece in zip(text, pieces, strict=True):
        y = base - piece.shape[0] - _lift(character, hand, rng)
        _lay(canvas, piece, x, y)
        if character.isdigit():
            boxes.append(Box(x, y, piece.shape[1], piece.shape[0]))
        gap = round(hand.height * (hand.gap + rng.normal(0, 0.03 * hand.unrest)))
        x += piece.shape[1] + max(gap, -piece.shape[1] // 3)  # two may touch or cross, and none hides another
    around = Box.around(boxes)
    rows, columns = np.nonzero(canvas > 0.1)
    top, left = int(rows.min()), int(columns.min())
    cut = canvas[top : rows.max() + 1, left : columns.max() + 1]
    digits = "".join(filter(str.isdigit, text))
    return Writing(cut, digits, Box(around.x - left, max(0, around.y - top), around.w, around.h), base - top)


def _lift(character: str, hand: Hand, rng: Generator) -> int:
    """How far above the line a character ends, in pixels."""
    if character == "-":
        return round(hand.height * rng.uniform(0.35, 0.6))
    return round(hand.height * rng.normal(0, 0.05 * hand.unrest)) if character.isdigit() else 0


def _piece(character: str, hand: Hand, figures: Figures, rng: Generator) -> Floats:
    thick = max(1, round(hand.height * 0.07 * (1.3 + hand.pen / 2)))
    if character.isdigit():
        return _figure(figures(int(character), rng), hand, rng)
    if character == "-":
        piece = np.zeros((thick + 4, round(hand.height * rng.uniform(0.4, 0.9))), np.float32)
        cv2.line(piece, (1, 2), (piece.shape[1] - 2, 2 + int(rng.integers(-1, 2))), 1.0, thick, cv2.LINE_AA)
        return piece
    piece = np.zeros((2 * thick + 1, thick + 2), np.float32)
    cv2.line(piece, (thick // 2 + 1, thick), (1 if character == "," else thick // 2 + 1, 2 * thick), 1.0, thick, cv2.LINE_AA)
    return piece


def _figure(glyph: Grey, hand: Hand, rng: Generator) -> Floats:
    """A figure at the hand's size, slant and weight of pen."""
    tall = hand.height * float(np.exp(rng.normal(0, 0.06 * hand.unrest)))
    scale = tall / glyph.shape[0]
    wide = scale * hand.width * float(np.exp(rng.normal(0, 0.05 * hand.unrest)))
    lean = hand.slant + rng.normal(0, 0.05 * hand.unrest)
    reach = abs(lean) * tall
    size = round(glyph.shape[1] * wide + reach) + 4, round(tall) + 4
    matrix = np.array([[wide, -lean * scale, 2 + max(0.0, lean * tall)], [0, scale, 2]], np.float32)
    grown = cv2.warpAffine(glyph.astype(np.float32) / 255, matrix, size, flags=cv2.INTER_CUBIC)
    grown = np.clip(grown, 0, 1) ** 0.7  # MNIST's thin strokes are faint ones
    soft = cv2.GaussianBlur(grown, (0, 0), max(0.4, 0.03 * tall))
    # The level goes by the ink's own darkness, so that a thin pen leaves a thin stroke and not a broken one.
    level = (0.45 - 0.13 * hand.pen) * float(np.median(soft[grown > 0.5]))
    return _tight(np.clip((soft - level) * 4 + 0.5, 0, 1).astype(np.float32))


def _tight(glyph: NDArray[np.generic]) -> NDArray[np.generic]:
    rows, columns = np.nonzero(glyph > 0.25 * glyph.max())
    return glyph[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _lay(canvas: Floats, piece: Floats, x: int, y: int) -> None:
    x, y = max(0, x), max(0, min(y, canvas.shape[0] - piece.shape[0]))
    part = canvas[y : y + piece.shape[0], x : x + piece.shape[1]]
    np.maximum(part, piece[:, : part.shape[1]], out=part)
