"""A layout drawn on a page: its zones and cells where they were found, with their names. Colours are BGR, as in OpenCV."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digit_core.imaging.prepare import Affine
from digit_core.layouts.placement import Fit, Points
from digit_core.layouts.template import Grid, Layout
from digit_core.records import Grey
from digit_core.synthesis.fonts import font
from digit_core.visualisation.page_overlay import Picture

Flags = NDArray[np.bool_]

_ZONE, _CELL, _NAME = (168, 62, 138), (145, 79, 29), (63, 110, 44)
_STRENGTH = 0.7
"""Share of the ink's darkness that is drawn, so that lines and names stand out."""

_FREE = 0.004
"""Share of ink in a band that is white."""

_LINES, _LETTERS = 1000, 95
"""Widths of a line, and heights of letters, per longer side of the page."""


@dataclass(frozen=True, slots=True)
class _Label:
    """Text at a point of the picture; anchor as in Pillow; room: its greatest width in pixels."""

    words: str
    x: float
    y: float
    anchor: str = "ld"
    room: float = math.inf


PlaceOf = Callable[[float, float], tuple[float, float]]
"""Takes a place of the layout to one on the picture."""


def draw_layout(pixels: Grey, found: Fit, to_scan: Affine) -> Picture:
    """Draw the scan, shape (height, width), with the outlines of all zones and cells, and the names of zones, rows and columns
    where the page is white beside the table."""
    canvas = cv2.cvtColor((255 - (255 - pixels) * _STRENGTH).astype(np.uint8), cv2.COLOR_GRAY2BGR).astype(np.uint8)
    thickness = max(1, round(max(pixels.shape) / _LINES))
    for place, area in found.cells().items():
        corners = np.rint(np.clip(_on_scan(found.quad(area), to_scan), -1e6, 1e6)).astype(np.int32)
        cv2.polylines(canvas, [corners], True, _CELL if place.row else _ZONE, thickness, cv2.LINE_AA)

    def place_of(x: float, y: float) -> tuple[float, float]:
        ((px, py),) = _on_scan(found.to_page(np.array([(x, y)], np.float64)), to_scan).tolist()
        return px, py

    size = max(11, round(max(pixels.shape) / _LETTERS))
    face = font("DejaVuSans", size)
    return _with_words(canvas, _labels(found.placed or found.layout, place_of, pixels, face), face)


def _on_scan(points: Points, to_scan: Affine) -> Points:
    return np.asarray(points @ to_scan[:, :2].T + to_scan[:, 2], np.float64)


def _labels(layout: Layout, place_of: PlaceOf, pixels: Grey, face: ImageFont.FreeTypeFont) -> Iterator[_Label]:
    ink = np.asarray(pixels < 0.75 * float(np.median(pixels)))
    for zone in layout.zones:
        yield _Label(zone.name, *place_of(zone.box.x, zone.box.y))
    for grid in layout.grids:
        yield from _grid_labels(grid, place_of, ink, face)


def _grid_labels(grid: Grid, place_of: PlaceOf, ink: Flags, face: ImageFont.FreeTypeFont) -> Iterator[_Label]:
    """Yield the grid's own name and those of its columns in a white band above it, those of its rows in one at its left."""
    size, gap = round(face.size), face.getlength(" ")
    (left, top), (right, bottom) = (place_of(grid.columns.edges[i], grid.rows.edges[i]) for i in (0, -1))
    columns = [
        (name, place_of(start, grid.rows.edges[0])[0], place_of(end, grid.rows.edges[0])[0])
        for name, (start, end) in zip(grid.columns.names, pairwise(grid.columns.edges), strict=True)
    ]
    above = _white(ink[:, _span(left, right)].mean(axis=1), top, 2.4 * size)
    yield _Label(grid.name, left, above - 1.3 * size)
    yield from (_Label(name, start, above, room=end - start) for name, start, end in columns)
    wide = max(face.getlength(name) for name in grid.rows.names) + gap
    beside = max(_white(ink[_span(top, bottom)].mean(axis=0), left, wide), wide)
    for name, (start, end) in zip(grid.rows.names, pairwise(grid.rows.edges), strict=True):
        yield _Label(name, beside - gap, place_of(grid.columns.edges[0], (start + end) / 2)[1], anchor="rm")


def _span(first: float, last: float) -> slice:
    return slice(max(0, round(min(first, last))), max(1, round(max(first, last))))


def _white(ink: NDArray[np.float64], end: float, size: float) -> float:
    """Return the end of the nearest band of this size before a place along which hardly any ink lies, or least."""
    width, stop = max(1, round(size)), min(round(end), len(ink))
    if stop < width:
        return end
    bands = np.convolve(ink[:stop], np.ones(width) / width, "valid")[::-1]
    free = bands < _FREE
    return float(stop - int(free.argmax() if free.any() else bands.argmin()))


def _with_words(canvas: Picture, labels: Iterator[_Label], face: ImageFont.FreeTypeFont) -> Picture:
    image = Image.fromarray(np.ascontiguousarray(canvas[:, :, ::-1]))
    pen = ImageDraw.Draw(image)
    for label in labels:
        words = _cut(label.words, face, label.room)
        place = max(label.x, face.getlength(words)) if label.anchor == "rm" else label.x, label.y
        pen.text(place, words, fill=_NAME[::-1], font=face, anchor=label.anchor, stroke_width=2, stroke_fill="white")
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _cut(words: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """Shorten the text to the room, to one letter at least."""
    while font.getlength(words) > room and len(words.rstrip("…")) > 1:
        words = f"{words.rstrip('…')[:-1]}…"
    return words
