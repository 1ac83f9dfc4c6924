"""The printed form of a synthetic ledger: its cells, its rulings, and its words (letters only, never a figure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from digit_core.records import Grey
from digit_core.synthesis.glyph_paths import Floats

_INCH = 25.4  # mm
_ROWS = (
    "January February March April May June July August September October November December "
    "Ashby Barton Claver Denby Elmer Farley Garston Hadley Ingram Jarrow Kelby Langham Marley Norby Ormond Penrith Quorn "
    "Rowley Selby Thirsk Ulley Verwood Walton Yarm Axton Burley Corby Dalton Egham Formby Gilling Helmsley Ilkley Kirby "
    "Luton Melby Newby Otley Parham"
)
_COLUMNS = "Wheat Barley Oats Rye Peas Beans Hay Wool Butter Cheese Malt Hops Flax Seed Lime Coal"
ROW_NAMES, COLUMN_NAMES = tuple(_ROWS.split()), tuple(_COLUMNS.split())
_TITLES = ("Register of Returns", "Account of Stores", "Monthly Register", "Parish Accounts", "Book of Receipts")


@dataclass(frozen=True, slots=True)
class PageWarp:
    """Distortion of the flat sheet by the scanner: a rotation by `skew` degrees (clockwise), a bow of `bow` pixels."""

    width: int
    height: int
    skew: float = 0.0
    bow: float = 0.0
    scale: float = 1.0

    def __call__(self, points: Floats) -> Floats:
        """Map points (n, 2) of the flat sheet to points (n, 2) of the page image."""
        middle = np.array([self.width / 2, self.height / 2])
        angle = np.deg2rad(self.skew)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned = (points - middle) @ turn.T * self.scale + middle
        turned[:, 1] += self.bow * ((points[:, 0] / middle[0] - 1) ** 2 - 0.5)
        return np.asarray(turned)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table on a flat sheet; lengths in pixels. The first column holds the printed row names, the first row the heads."""

    width: int
    height: int
    dpi: int
    rows: int
    columns: int
    pitch: float  # height of a row

    @staticmethod
    def fitting(dpi: int, rows: int, columns: int, largest_row: float) -> Ledger:
        """Lay out an upright A4 sheet; rows are as high as the sheet allows, `largest_row` mm at most."""
        width, height = round(210 / _INCH * dpi), round(297 / _INCH * dpi)
        pitch = min(0.8 * height / (rows + 1), largest_row / _INCH * dpi)
        return Ledger(width, height, dpi, rows, columns, pitch)

    @property
    def left(self) -> float:
        return 0.06 * self.width

    @property
    def right(self) -> float:
        return 0.95 * self.width

    @property
    def first_column(self) -> float:
        return 0.19 * self.width

    @property
    def top(self) -> float:
        return 0.13 * self.height

    @property
    def column_width(self) -> float:
        return (self.right - self.first_column) / self.columns

    def column_edge(self, column: int) -> float:
        return self.first_column + column * self.column_width

    def row_edge(self, row: int) -> float:
        """Return the line above that row; the heads stand between `top` and the edge of row 0."""
        return self.top + (row + 1) * self.pitch

    @property
    def hairline(self) -> float:
        """Return the width of a thin printed line, 0.2 mm, in pixels."""
        return max(1.0, 0.2 / _INCH * self.dpi)


@dataclass(frozen=True, slots=True)
class PrintStyle:
    """Style of a printed form: "solid", "dotted" or "double" row lines, a stronger line every `group` rows."""

    row_line: str
    group: int
    darkness: int
    title: str

    @staticmethod
    def drawn_by(rng: Generator) -> PrintStyle:
        return PrintStyle(
            row_line=str(rng.choice(["solid", "dotted", "double"], p=[0.5, 0.35, 0.15])),
            group=int(rng.choice([5, 6, 10])),
            darkness=int(rng.integers(110, 200)),
            title=str(rng.choice(_TITLES)),
        )


def print_form(ledger: Ledger, style: PrintStyle, warp: PageWarp) -> Grey:
    """Print the ink of an empty form (0 is none), shape (height, width)."""
    ink = np.zeros((ledger.height, ledger.width), np.uint8)
    for line in _row_lines(ledger, style):
        line(ink, warp)
    for line in _column_lines(ledger, style):
        line(ink, warp)
    for text, x, y, height in _words(ledger, style):
        _print_word(ink, text, warp(np.array([[x, y]]))[0], height, warp.skew)
    return ink


_Line = Callable[[Grey, PageWarp], None]


def _row_lines(ledger: Ledger, style: PrintStyle) -> Iterator[_Line]:
    yield _line((ledger.left, ledger.top), (ledger.right, ledger.top), 1.8 * ledger.hairline, style.darkness)
    for row in range(ledger.rows + 1):
        y = ledger.row_edge(row)
        start, end = (ledger.left, y), (ledger.right, y)
        if row in (0, ledger.rows) or row % style.group == 0:
            yield _line(start, end, 1.6 * ledger.hairline, style.darkness)
        elif style.row_line == "dotted":
            yield _dots(start, end, ledger.hairline, style.darkness)
        else:
            yield _line(start, end, ledger.hairline, style.darkness)
        if style.row_line == "double" and row % style.group == 0:
            below = y + 3.5 * ledger.hairline
            yield _line((ledger.left, below), (ledger.right, below), ledger.hairline, style.darkness)


def _column_lines(ledger: Ledger, style: PrintStyle) -> Iterator[_Line]:
    edges = [ledger.left, *(ledger.column_edge(column) for column in range(ledger.columns + 1))]
    for place, x in enumerate(edges):
        thickness = (1.8 if place in (0, 1, len(edges) - 1) else 1.0) * ledger.hairline
        yield _line((x, ledger.top), (x, ledger.row_edge(ledger.rows)), thickness, style.darkness)


def _line(start: tuple[float, float], end: tuple[float, float], thickness: float, darkness: int) -> _Line:
    def draw(ink: Grey, warp: PageWarp) -> None:
        points = np.rint(warp(np.linspace(start, end, 25)) * 16).astype(np.int32)
        cv2.polylines(ink, [points], False, darkness, max(1, round(thickness)), cv2.LINE_AA, 4)

    return draw


def _dots(start: tuple[float, float], end: tuple[float, float], thickness: float, darkness: int) -> _Line:
    def draw(ink: Grey, warp: PageWarp) -> None:
        count = int((end[0] - start[0]) / (3.2 * thickness))
        radius = round(0.8 * thickness * 16)
        for centre in np.rint(warp(np.linspace(start, end, count)) * 16).astype(int).tolist():
            cv2.circle(ink, centre, radius, darkness, cv2.FILLED, cv2.LINE_8, 4)

    return draw


def row_names(ledger: Ledger) -> tuple[str, ...]:
    return ROW_NAMES[: ledger.rows]


def column_names(ledger: Ledger) -> tuple[str, ...]:
    return COLUMN_NAMES[: ledger.columns]


def _words(ledger: Ledger, style: PrintStyle) -> Iterator[tuple[str, float, float, float]]:
    """Yield text, left edge, baseline and height of capitals."""
    small = min(0.3 * ledger.pitch, 2.6 / _INCH * ledger.dpi)
    yield style.title, 0.3 * ledger.width, 0.085 * ledger.height, 5.5 / _INCH * ledger.dpi
    yield "Place", 0.07 * ledger.width, ledger.row_edge(0) - 0.35 * ledger.pitch, small
    for row, name in enumerate(row_names(ledger)):
        yield name, 0.07 * ledger.width, ledger.row_edge(row) + 0.65 * ledger.pitch, small
    for column, name in enumerate(column_names(ledger)):
        fitted = min(small, 0.16 * ledger.column_width)
        yield name, ledger.column_edge(column) + 0.15 * ledger.column_width, ledger.row_edge(0) - 0.35 * ledger.pitch, fitted


def _print_word(ink: Grey, text: str, at: Floats, height: float, skew: float) -> None:
    """Print a word whose baseline starts at a point of the page, rotated with the page."""
    scale = height / 21  # capitals of this face are 21 pixels high at scale 1
    (wide, high), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    margin = 4 + int(abs(np.deg2rad(skew)) * wide)
    patch = np.zeros((high + below + 2 * margin, wide + 2 * margin), np.uint8)
    origin = margin, margin + high
    cv2.putText(patch, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 210, 1, cv2.LINE_AA)
    patch = np.asarray(cv2.warpAffine(patch, cv2.getRotationMatrix2D(origin, -skew, 1), patch.shape[::-1]), np.uint8)
    lay(ink, patch, round(float(at[0])) - origin[0], round(float(at[1])) - origin[1])


def lay(ink: Grey, patch: Grey, x: int, y: int) -> None:
    """Lay a patch of ink onto the page's ink with its corner at x, y; what extends over the edge is cut off."""
    top, left = max(y, 0), max(x, 0)
    onto = ink[top : max(y + patch.shape[0], 0), left : max(x + patch.shape[1], 0)]
    if onto.size:
        part = patch[top - y :, left - x :][: onto.shape[0], : onto.shape[1]]
        np.maximum(onto, part, out=onto)
