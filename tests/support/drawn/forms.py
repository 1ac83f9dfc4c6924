"""Forms drawn for tests: ruled pages whose rulings are known, numbers written in their cells, and what scanning does to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import line_maps, page_lines
from digit_core.imaging.prepare import PreparedPage, prepare
from digit_core.layouts.placement import Points
from digit_core.layouts.template import Area, Axis, Grid, Holds, Layout
from digit_core.params import SegmentationParams
from digit_core.records import Grey
from digit_core.synthesis.pen import draw_number, make_writer

PAPER, PRINT = 238, 90

Move = NDArray[np.float64]
"""Shape (2, 3): where a point (x, y, 1) of the page lies on its scan."""

Written = Mapping[tuple[str, str], str]
"""What stands in each cell, by row and column."""


@dataclass(frozen=True)
class DrawnForm:
    """A ruled grid under some rulings of a head, all in pixels."""

    name: str = "drawn"
    width: int = 1000
    height: int = 1400
    rows: tuple[int, ...] = (300, 420, 540, 660, 780, 900, 1020, 1140, 1260)
    columns: tuple[int, ...] = (90, 250, 410, 570, 730, 900)
    heads: tuple[tuple[int, int, int], ...] = ((90, 900, 120), (90, 500, 180), (560, 900, 220))
    """Rulings of the head: left end, right end, and y."""

    def blank(self) -> Grey:
        """The form as it is printed, with nothing written on it."""
        page = np.full((self.height, self.width), PAPER, np.uint8)
        for left, right, y in self.heads:
            cv2.line(page, (left, y), (right, y), PRINT, 2)
        for y in self.rows:
            cv2.line(page, (self.columns[0], y), (self.columns[-1], y), PRINT, 2)
        for x in self.columns:
            cv2.line(page, (x, self.rows[0]), (x, self.rows[-1]), PRINT, 2)
        return page

    def layout(self, holds: Holds | None = None) -> Layout:
        """Rows and columns called 1, 2, 3 …; known by the rulings that are found on the blank form."""
        grid = Grid("grid", _axis(self.rows), _axis(self.columns), holds or Holds(digits=(1, 4)))
        lines = page_lines(line_maps(prepared(self.blank()).darkness))
        return Layout(self.name, self.width, self.height, grids=(grid,), lines=lines)

    def filled(self, numbers: Written, hand: int = 3) -> Grey:
        """The form with numbers written in the middle of their cells."""
        page, areas = self.blank(), {(place.row, place.column): area for place, area in self.layout().cells().items()}
        for (row, column), text in numbers.items():
            write_in(page, areas[row, column], text, hand)
        return page


OTHER = DrawnForm("other", rows=(200, 260, 340, 700, 760, 1300), columns=(60, 180, 620, 700, 940), heads=((60, 940, 100),))
"""A form of another kind."""


def _axis(edges: tuple[int, ...]) -> Axis:
    return Axis(tuple(str(number) for number in range(1, len(edges))), tuple(float(edge) for edge in edges))


def write_in(page: Grey, area: Area, text: str, hand: int = 3, height: float = 44) -> None:
    """Writes a number into the middle of an area."""
    ink, _ = draw_number(text, make_writer(hand), height, np.random.default_rng(hand))
    put(page, ink, round(area.x + (area.w - ink.shape[1]) / 2), round(area.y + (area.h - ink.shape[0]) / 2))


def put(page: Grey, ink: Grey, x: int, y: int) -> None:
    """Lays ink (0 none, 255 black) onto a page, its upper left corner at x, y."""
    part = page[y : y + ink.shape[0], x : x + ink.shape[1]]
    part[:] = np.minimum(part, (part * (1 - ink / 255 * 0.85)).astype(np.uint8))


def prepared(page: Grey) -> PreparedPage:
    return prepare(page, SegmentationParams())


def turned(page: Grey, degrees: float) -> tuple[Grey, Move]:
    """About its middle, clockwise positive."""
    height, width = page.shape
    return _moved(page, cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1))


def scaled(page: Grey, factor: float) -> tuple[Grey, Move]:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(page, None, fx=factor, fy=factor, interpolation=method), np.uint8)
    return small, np.array([[factor, 0, 0], [0, factor, 0]])


def shifted(page: Grey, share: float) -> tuple[Grey, Move]:
    """To the right and down, by a share of the longer side."""
    away = share * max(page.shape)
    return _moved(page, np.array([[1, 0, away], [0, 1, away]]))


def cropped(page: Grey, share: float) -> tuple[Grey, Move]:
    """By a share of the longer side, on every side."""
    away = round(share * max(page.shape))
    return page[away:-away, away:-away].copy(), np.array([[1.0, 0, -away], [0, 1, -away]])


def as_jpeg(page: Grey, quality: int) -> tuple[Grey, Move]:
    """Encoded and decoded again."""
    encoded = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8), np.eye(2, 3)


CHANGES: dict[str, Callable[[Grey], tuple[Grey, Move]]] = {
    "turned by 3 degrees": lambda page: turned(page, 3),
    "scaled by 0.7": lambda page: scaled(page, 0.7),
    "scaled by 1.3": lambda page: scaled(page, 1.3),
    "shifted by 5 %": lambda page: shifted(page, 0.05),
    "cropped by 3 %": lambda page: cropped(page, 0.03),
    "as a JPEG of quality 40": lambda page: as_jpeg(page, 40),
}
"""What a form must be found after."""


def moved_points(points: Points, move: Move) -> Points:
    """Points (n, 2) of a page as points of its scan."""
    return np.asarray(points @ move[:, :2].T + move[:, 2], np.float64)


def curved(page: Grey, bow: float) -> tuple[Grey, Callable[[Points], Points]]:
    """As if its middle bulged down: by `bow` pixels at the middle of its width, by nothing at its sides."""
    height, width = page.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))

    def bulge(at: NDArray[np.floating]) -> NDArray[np.floating]:
        return bow * (1 - np.square(2 * at / width - 1))

    def moved(points: Points) -> Points:
        return np.stack([points[:, 0], points[:, 1] + bulge(points[:, 0])], axis=1)

    warped = cv2.remap(page, x, (y - bulge(x)).astype(np.float32), cv2.INTER_LINEAR, borderValue=PAPER)
    return np.asarray(warped, np.uint8), moved


def _moved(page: Grey, move: Move) -> tuple[Grey, Move]:
    paper = float(np.median(page))
    return np.asarray(cv2.warpAffine(page, move, page.shape[::-1], flags=cv2.INTER_LINEAR, borderValue=paper), np.uint8), move
