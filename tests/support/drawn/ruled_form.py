"""Pages of one ruled form, with numbers written into its cells: what a person draws a layout on, and what it is tried on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from digit_core.records import Grey
from digit_core.synthesis.pen import draw_number, make_writer

WIDTH, HEIGHT = 1000, 1300
LEFT, TOP, COLUMN, ROW = 170, 330, 230, 120
COLUMNS, ROWS = 3, 5
RIGHT, BOTTOM = LEFT + COLUMNS * COLUMN, TOP + ROWS * ROW
PAPER, RULING, INK = 244, 90, 0.85

Table = Sequence[Sequence[int]]


def with_totals(rows: Table) -> list[list[int]]:
    """The rows and, below them, the sum of each column."""
    return [*map(list, rows), [sum(column) for column in zip(*rows, strict=True)]]


def ruled_page(table: Table = (), turn: float = 0.0, shift: tuple[int, int] = (0, 0), seed: int = 5) -> Grey:
    """The form with these numbers row by row; `turn` in degrees clockwise, `shift` in pixels."""
    page = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
    for x in range(LEFT, RIGHT + 1, COLUMN):
        cv2.line(page, (x, TOP), (x, BOTTOM), RULING, 3)
    for y in range(TOP, BOTTOM + 1, ROW):
        cv2.line(page, (LEFT, y), (RIGHT, y), RULING, 3)
    for x0, x1, y in ((LEFT, 700, 120), (LEFT, 480, 190), (540, RIGHT, 190)):
        cv2.line(page, (x0, y), (x1, y), RULING, 3)
    generator = np.random.default_rng(seed)
    for row, numbers in enumerate(table):
        for column, number in enumerate(numbers):
            ink, _ = draw_number(str(number), make_writer(seed), 46, generator)
            x, y = LEFT + column * COLUMN + 40, TOP + row * ROW + 32
            page[y : y + ink.shape[0], x : x + ink.shape[1]] -= (ink * INK).astype(np.uint8)
    moved = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -turn, 1.0)
    moved[:, 2] += shift
    return np.asarray(cv2.warpAffine(page, moved, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=PAPER), np.uint8)


def other_form() -> Grey:
    """A page that is ruled otherwise."""
    page = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
    places = np.random.default_rng(4)
    for x in (80, *places.uniform(110, 900, 11).astype(int).tolist(), 930):
        cv2.line(page, (x, 100), (x, 1200), RULING, 3)
    for y in (100, *places.uniform(130, 1170, 18).astype(int).tolist(), 1200):
        cv2.line(page, (80, y), (930, y), RULING, 3)
    return page


def write(path: Path, page: Grey) -> Path:
    cv2.imwrite(str(path), page)
    return path
