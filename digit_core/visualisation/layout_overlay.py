"""A layout drawn on a page: its zones and cells where they were found, with their names. Colours are BGR, as in OpenCV."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_core.imaging.prepare import Affine
from digit_core.layouts.placement import Fit, Points
from digit_core.layouts.template import Grid, Layout
from digit_core.records import Grey
from digit_core.synthesis.fonts import font
from digit_core.visualisation.page_overlay import Picture

_ZONE, _CELL, _NAME = (168, 62, 138), (145, 79, 29), (63, 110, 44)
_STRENGTH = 0.7
"""Share of the ink's darkness that is drawn, so that lines and names stand out."""

_LINES, _LETTERS = 1000, 95
"""Widths of a line, and heights of letters, per longer side of the page."""


@dataclass(frozen=True, slots=True)
class _Label:
    """Text at a point of the layout, `rise` letter heights above it; anchor as in Pillow; room: its greatest width, in units of
    the reference page."""

    words: str
    x: float
    y: float
    anchor: str = "ld"
    room: float = math.inf
    rise: float = 0.0


def draw_layout(pixels: Grey, found: Fit, to_scan: Affine) -> Picture:
    """Draw the scan, shape (height, width), with the outlines of all zones and cells, and the names of zones, rows and
    columns."""
    canvas = cv2.cvtColor((255 - (255 - pixels) * _STRENGTH).astype(np.uint8), cv2.COLOR_GRAY2BGR).astype(np.uint8)
    thickness = max(1, round(max(pixels.shape) / _LINES))
    for place, area in found.cells().items():
        corners = np.rint(np.clip(_on_scan(found.quad(area), to_scan), -1e6, 1e6)).astype(np.int32)
        cv2.polylines(canvas, [corners], True, _CELL if place.row else _ZONE, thickness, cv2.LINE_AA)

    def place_of(x: float, y: float) -> tuple[float, float]:
        ((px, py),) = _on_scan(found.to_page(np.array([(x, y)], np.float64)), to_scan).tolist()
        return px, py

    return _with_words(canvas, _labels(found.placed or found.layout), place_of)


def _on_scan(points: Points, to_scan: Affine) -> Points:
    return np.asarray(points @ to_scan[:, :2].T + to_scan[:, 2], np.float64)


def _labels(layout: Layout) -> Iterator[_Label]:
    for zone in layout.zones:
        yield _Label(zone.name, zone.box.x, zone.box.y)
    for grid in layout.grids:
        yield from _grid_labels(grid)


def _grid_labels(grid: Grid) -> Iterator[_Label]:
    """Yield the grid's own name and those of its columns above it, those of its rows at its left."""
    left, top = grid.columns.edges[0], grid.rows.edges[0]
    yield _Label(grid.name, left, top, rise=1.4)
    for name, (start, end) in zip(grid.columns.names, pairwise(grid.columns.edges), strict=True):
        yield _Label(name, start, top, room=end - start)
    for name, (start, end) in zip(grid.rows.names, pairwise(grid.rows.edges), strict=True):
        yield _Label(f"{name} ", left, (start + end) / 2, anchor="rm")


def _with_words(canvas: Picture, labels: Iterator[_Label], place_of: Callable[[float, float], tuple[float, float]]) -> Picture:
    size = max(11, round(max(canvas.shape[:2]) / _LETTERS))
    face = font("DejaVuSans", size)
    image = Image.fromarray(np.ascontiguousarray(canvas[:, :, ::-1]))
    pen = ImageDraw.Draw(image)
    for label in labels:
        x, y = place_of(label.x, label.y)
        room = place_of(label.x + label.room, label.y)[0] - x if math.isfinite(label.room) else math.inf
        words = _cut(label.words, face, room)
        place = max(x, face.getlength(words)) if label.anchor == "rm" else x, y - label.rise * size
        pen.text(place, words, fill=_NAME[::-1], font=face, anchor=label.anchor, stroke_width=2, stroke_fill="white")
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _cut(words: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """Shorten the text to the room, to one letter at least."""
    while font.getlength(words) > room and len(words.rstrip("…")) > 1:
        words = f"{words.rstrip('…')[:-1]}…"
    return words
