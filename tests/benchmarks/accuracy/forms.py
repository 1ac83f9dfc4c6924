"""The exam's pages: forms filled in with MNIST's test digits (see strips), and ledger pages of a seed kept for measuring."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from digit_core.evaluation.ground_truth import PageTruth, TruthNumber
from digit_core.records import Box
from digit_core.synthesis.ledger.page import STYLES, write_page
from tests.benchmarks.accuracy.counting import PageCase
from tests.benchmarks.accuracy.paper import captured, sheet
from tests.benchmarks.accuracy.strips import Figures, Floats, Hand, number_text, write

_WIDTH, _HEIGHT = 1654, 2339  # A4 at 200 dpi
_HEADS = ("Barley", "Oats", "Rent", "Tithe", "Carried", "Lent", "Sold", "Due")


def ledger_case(seed: int, number: int) -> PageCase:
    """A page of the scribe's."""
    page = write_page(seed, number, STYLES["ledger" if number % 2 == 0 else "hard"])
    rows = [TruthNumber(row.row, row.column, row.digits, True, Box(row.x, row.y, row.w, row.h)) for row in page.truth]
    name = f"ledger {number}"
    return PageCase(name, page.pixels, PageTruth(name, "", tuple(rows), True))


def form_case(seed: int, number: int, figures: Figures) -> PageCase:
    """A ruled form, one hand to a column, printed heads of letters."""
    rng = default_rng([seed, 1000 + number])
    rows, columns = int(rng.integers(14, 26)), int(rng.integers(4, 8))
    pitch, step = 0.82 * _HEIGHT / rows, 0.88 * _WIDTH / columns
    height = float(min(0.6 * pitch, 0.17 * step) * rng.uniform(0.75, 1.0))
    paper, layer = sheet((_HEIGHT, _WIDTH), 60.0, rng), np.zeros((_HEIGHT, _WIDTH), np.float32)
    _print_form(paper, rows, columns, pitch, step, rng)
    truth: list[TruthNumber] = []
    for column in range(columns):
        hand = Hand.drawn_by(rng)
        hand = Hand(height, hand.slant, hand.width, hand.pen, min(hand.gap, 0.2), hand.unrest)
        for row in range(rows):
            if rng.random() < 0.8:
                corner = 0.06 * _WIDTH + column * step, 0.12 * _HEIGHT + row * pitch
                truth += _fill(layer, corner, (step, pitch), hand, figures, rng)
    name = f"form {number}"
    return PageCase(name, captured(paper, layer, height, rng, moved=False), PageTruth(name, "", tuple(truth), True))


def _fill(
    layer: Floats, corner: tuple[float, float], cell: tuple[float, float], hand: Hand, figures: Figures, rng: Generator
) -> list[TruthNumber]:
    """Writes a number into a cell where it fits there; its digits stand on the cell's lower line or a little above."""
    written = write(number_text(rng)[-6:], hand, figures, rng)
    high, wide = written.ink.shape
    if wide > 0.92 * cell[0] or not written.digits:
        return []
    x = round(corner[0] + (cell[0] - wide) * rng.uniform(0.1, 0.9))
    y = round(corner[1] + cell[1] * rng.uniform(0.84, 0.97)) - written.base
    part = layer[y : y + high, x : x + wide]
    np.maximum(part, written.ink[: part.shape[0], : part.shape[1]], out=part)
    box = written.box
    return [TruthNumber("", "", written.digits, True, Box(x + box.x, y + box.y, box.w, box.h))]


def _print_form(paper: Floats, rows: int, columns: int, pitch: float, step: float, rng: Generator) -> None:
    dark, pen = float(rng.uniform(0.3, 0.6)), int(rng.integers(1, 4))
    left, top = round(0.06 * _WIDTH), round(0.12 * _HEIGHT)
    right, bottom = round(left + columns * step), round(top + rows * pitch)
    form = np.zeros(paper.shape, np.uint8)
    for row in range(rows + 1):
        y = round(top + row * pitch)
        cv2.line(form, (left, y), (right, y), 255, pen)
    for column in range(columns + 1):
        x = round(left + column * step)
        cv2.line(form, (x, top - round(0.7 * pitch)), (x, bottom), 255, pen)
        if column < columns:
            at = (x + round(0.1 * step), top - round(0.15 * pitch))
            cv2.putText(form, _HEADS[column], at, cv2.FONT_HERSHEY_TRIPLEX, 1.1, 255, 2, cv2.LINE_AA)
    paper *= 1 - dark / 255 * form
