"""Registers drawn for tests: a table with a head, printed names beside its rows, and rows that are ruled or not."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from digit_core.imaging.line_detection import line_maps, page_lines
from digit_core.layouts.template import Axis, Grid, Holds, Layout
from digit_core.records import Grey
from tests.support.drawn.forms import PAPER, PRINT, prepared, write_in

WIDTH, HEIGHT = 1240, 1754
"""A4 at 150 dots an inch."""


@dataclass(frozen=True)
class Register:
    """rows, columns: edges in pixels; head: height of the row with the columns' names; names: width of the column with the rows'
    names; ruled: whether lines part the rows; total: whether a line parts the last one from the others anyhow.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    head: int = 60
    names: int = 90
    ruled: bool = True
    total: bool = True
    title: tuple[int, ...] = (90,)
    """y of rulings above the table."""
    dots: tuple[int, int] = (1, 1)
    """Rulings are marks of the second length, one every so many pixels; solid where both are equal."""

    def blank(self) -> Grey:
        page = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
        left, right, top, bottom = self.columns[0] - self.names, self.columns[-1], self.rows[0] - self.head, self.rows[-1]
        inner = self.rows[1:-1] if self.ruled else self.rows[-2:-1] if self.total else ()
        for y in {top, self.rows[0], bottom, *inner}:
            _rule(page, (left, y), (right, y), self.dots)
        for x in {left, *self.columns}:
            _rule(page, (x, top), (x, bottom), self.dots)
        for y in self.title:
            _rule(page, (left, y), (right - 200, y), self.dots)
        for number, (low, high) in enumerate(zip(self.rows[:-1], self.rows[1:], strict=True), start=1):
            cv2.putText(page, str(number), (left + 12, (low + high) // 2 + 8), cv2.FONT_HERSHEY_COMPLEX, 0.7, PRINT, 2)
        for number, x in enumerate(self.columns[:-1], start=1):
            cv2.putText(page, f"No {number}", (x + 8, self.rows[0] - self.head // 3), cv2.FONT_HERSHEY_COMPLEX, 0.6, PRINT, 2)
        return page

    def layout(self, name: str = "register") -> Layout:
        grid = Grid("table", _axis(self.rows), _axis(self.columns), Holds(digits=(1, 4)))
        lines = page_lines(line_maps(prepared(self.blank()).darkness))
        return Layout(name, WIDTH, HEIGHT, grids=(grid,), lines=lines)

    def filled(self, seed: int, share: float = 0.7) -> Grey:
        """With numbers in that share of its cells, in one hand."""
        page, rng = self.blank(), np.random.default_rng(seed)
        grid = Grid("table", _axis(self.rows), _axis(self.columns))
        for place, area in grid.cells():
            if rng.random() < share:
                digits = max(1, min(4, int(area.w / (0.5 * area.h)) - 1))
                write_in(page, area, str(rng.integers(1, 10**digits)), seed % 7 + 1, 0.55 * area.h)
                del place
        return page


def _rule(page: Grey, start: tuple[int, int], end: tuple[int, int], dots: tuple[int, int]) -> None:
    (step, length), ways = dots, np.array(end) - np.array(start)
    far = int(np.abs(ways).max())
    for at in range(0, far, far if step == length else step):
        first, last = (np.array(start) + ways * min(place, far) // far for place in (at, far if step == length else at + length))
        cv2.line(page, tuple(first.tolist()), tuple(last.tolist()), PRINT, 2)


def register(seed: int, *, ruled: bool = True) -> Register:
    """One of many: 8 to 32 rows, 4 to 10 columns, even or not."""
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(8, 32)), int(rng.integers(4, 11))
    top, bottom = int(rng.integers(240, 420)), int(rng.integers(1500, 1650))
    left, right = int(rng.integers(170, 230)), int(rng.integers(1050, 1180))
    heights = np.ones(rows)
    if rng.random() < 0.5:
        heights[-1] = 1.4  # a row of totals
    ys = top + np.concatenate([[0], np.cumsum(heights)]) / heights.sum() * (bottom - top)
    xs = np.linspace(left, right, columns + 1)
    pitch = (bottom - top) / rows
    head = int(pitch * rng.choice([1.0, 1.3, 2.0]))
    return Register(
        tuple(np.rint(ys).astype(int).tolist()),
        tuple(np.rint(xs).astype(int).tolist()),
        max(30, min(head, top - 130)),
        int(rng.integers(60, 120)),
        ruled,
        bool(rng.random() < 0.7),
        (90, 110),
    )


def _axis(edges: tuple[int, ...]) -> Axis:
    return Axis(tuple(str(number) for number in range(1, len(edges))), tuple(float(edge) for edge in edges))
