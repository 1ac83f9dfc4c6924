"""Assembly of a page's numbers: from the prepared page to the scan, in reading order, with the classifier's crops.

Boxes here are pixels of the prepared page until `to_scan` maps them to the scan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.digit_crop import mnist_crops
from digit_core.imaging.prepare import Affine, PreparedPage
from digit_core.layouts.template import Area, Grid, Place
from digit_core.recognition.cells import FoundCell, cell_at
from digit_core.recognition.digit_segmentation import digit_ink
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.records import NOT_A_DIGIT, Box, Cell, CellState, Form, Grey, NumberString, PageDigits, PageImage

_NO_DIGIT = 0.97
"""Probability that unread ink is no digit, before review."""


@dataclass(frozen=True, slots=True, eq=False)
class InkedNumber:
    """A number with the ink of each of its digits, and its cell, if any; a cell may be without digits."""

    found: FoundNumber
    inks: list[tuple[Box, Grey]]
    cell: InkedCell | None = None

    @property
    def boxes(self) -> list[Box]:
        return [box for box, _ in self.inks]


@dataclass(frozen=True, slots=True)
class InkedCell:
    """A cell, and the upright box around it on the prepared page."""

    place: Place
    state: CellState
    box: Box
    shared: bool = False


def inked(page: PreparedPage, number: FoundNumber) -> InkedNumber:
    """Add the ink of its digits to the number."""
    return InkedNumber(number, digit_ink(page.darkness, page.ink, number.boxes) if len(number.boxes) else [])


def inked_cell(page: PreparedPage, cell: FoundCell) -> InkedNumber:
    """Return a form's cell with its number; unread ink becomes a single part that is no digit."""
    low, high = np.floor(cell.quad.min(axis=0)).astype(int), np.ceil(cell.quad.max(axis=0)).astype(int)
    size = np.maximum(high - low, 1)
    box = Box(int(low[0]), int(low[1]), int(size[0]), int(size[1]))
    number = cell.number if cell.number is not None else _no_number(cell.ink, cell.confidence, cell.word)
    return replace(inked(page, number), cell=InkedCell(cell.place, cell.state, box, cell.shared))


def _no_number(ink: NDArray[np.float32] | None, confidence: float, word: str) -> FoundNumber:
    count = 0 if ink is None else 1
    evidence = np.full((count, NOT_A_DIGIT + 1), (1 - _NO_DIGIT) / NOT_A_DIGIT, np.float32)
    evidence[:, NOT_A_DIGIT] = _NO_DIGIT
    boxes = np.empty((0, 4), np.float32) if ink is None else ink[None].astype(np.float32)
    return FoundNumber(boxes, evidence, confidence, 0.0, word, 0.0)


def in_tables(numbers: Sequence[tuple[int, InkedNumber]], tables: Sequence[Grid]) -> list[tuple[int, InkedNumber]]:
    """Assign numbers, given with their lines, to the cells of ruled tables."""
    areas = {place: area for table in tables for place, area in table.cells()}
    if not areas or not numbers:
        return list(numbers)
    middles = np.array([Box.around(one.boxes).centre for _, one in numbers], np.float64)
    places = list(areas)
    owners = cell_at(middles, areas)
    return [
        (line, replace(one, cell=_in_table(places[owner], areas[places[owner]])) if owner >= 0 else one)
        for (line, one), owner in zip(numbers, owners.tolist(), strict=True)
    ]


def _in_table(place: Place, area: Area) -> InkedCell:
    return InkedCell(place, CellState.NUMBER, Box(round(area.x), round(area.y), max(1, round(area.w)), max(1, round(area.h))))


def page_digits(
    page: PreparedPage, image: PageImage, placed: Sequence[tuple[int, InkedNumber]], form: Form | None = None
) -> PageDigits:
    """Map the numbers, given with their lines and in order, to the scan, with crops."""
    digit_boxes = [box for _, one in placed for box in one.boxes]
    cell_boxes = [one.cell.box for _, one in placed if one.cell]
    boxes = iter(to_scan(digit_boxes, page.to_scan, image.width, image.height))
    cells = iter(to_scan(cell_boxes, page.to_scan, image.width, image.height))
    strings = tuple(
        NumberString(
            line,
            tuple(islice(boxes, len(one.inks))),
            one.found.certainty,
            one.found.printed,
            one.found.text,
            one.found.seen,
            _cell(one.cell, cells),
            one.found.marks,
            one.found.second,
            one.found.margin,
        )
        for line, one in placed
    )
    crops = mnist_crops([ink for _, one in placed for _, ink in one.inks])
    evidence = np.concatenate([one.found.evidence for _, one in placed]) if placed else np.empty((0, 11), np.float32)
    return PageDigits(strings, crops, page.skew, evidence, form)


def _cell(cell: InkedCell | None, boxes: Iterator[Box]) -> Cell | None:
    if cell is None:
        return None
    return Cell(cell.place.zone, cell.place.row, cell.place.column, cell.state, next(boxes), cell.shared)


class _Boxed(Protocol):
    @property
    def boxes(self) -> Sequence[Box]: ...


String = TypeVar("String", bound=_Boxed)


def reading_order(strings: Sequence[String]) -> Iterator[tuple[int, String]]:
    """Yield (line, string): lines from top to bottom, and in a line from left to right.

    A string joins the line above it when their middles lie within half a digit's height.
    """
    lines: list[list[tuple[Box, String]]] = []
    for box, string in sorted(((Box.around(s.boxes), s) for s in strings), key=lambda pair: pair[0].centre[1]):
        last = lines[-1][-1][0] if lines else None
        if last is not None and abs(box.centre[1] - last.centre[1]) < 0.5 * min(box.h, last.h):
            lines[-1].append((box, string))
        else:
            lines.append([(box, string)])
    for number, line in enumerate(lines):
        for _, string in sorted(line, key=lambda pair: pair[0].x):
            yield number, string


def to_scan(boxes: Sequence[Box], affine: Affine, width: int, height: int) -> list[Box]:
    """Map boxes of the prepared page to the upright boxes around them in the original scan, inside its borders."""
    sides = np.array([(box.x, box.y, box.right, box.bottom) for box in boxes], np.float64).reshape(-1, 4)
    corners = np.stack([sides[:, [x, y]] for x in (0, 2) for y in (1, 3)])
    points = corners @ affine[:, :2].T + affine[:, 2]
    last = np.array([width, height])
    first = np.clip(np.floor(points.min(axis=0) + 1e-6), 0, last - 1).astype(int)
    size = np.maximum(np.minimum(np.ceil(points.max(axis=0) - 1e-6), last).astype(int) - first, 1)
    return [Box(*place) for place in np.hstack([first, size]).tolist()]
