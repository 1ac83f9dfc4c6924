"""Reading of a form's cells: each digit belongs to the cell that contains its middle, and a cell has one number or none.

Boxes here are pixels of the prepared page, as rows left, top, right, bottom of float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.network_spec import DIGITS
from digit_core.inference.reader import Reader
from digit_core.layouts.placement import Fit
from digit_core.layouts.template import Area, Holds, Mark, Place
from digit_core.recognition.cell_state import cell_state, is_overwritten, is_struck_out, stroke_width
from digit_core.recognition.detections import Characters
from digit_core.recognition.detector import look
from digit_core.recognition.ditto import may_be_ditto, usual_height
from digit_core.recognition.ink_owner import InkOwners, near_tail
from digit_core.recognition.numbers import read_strings
from digit_core.recognition.ruling_filter import beside_edges, not_rulings
from digit_core.recognition.second_pass import look_again
from digit_core.recognition.transcription.fractions import with_fractions
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.recognition.transcription.slope import main_line
from digit_core.records import CellState, Grey

_SURE = 0.95
"""Probability from which a cell is taken for blank, or for one with a dash, without a person."""

_SEEN = 1.5
"""Log likelihood per digit by which the columns must prefer a number to nothing; for words and ticks, which look like digits to
the detector, they prefer it by less."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundCell:
    """A cell, its corners (4, 2) on the page, its state, and its number.

    Without a number `ink` is the box for the reviewer; None if nothing needs review. shared: whether another cell's ink lies so
    near the number that it may have been read with it. confidence: of the state of a cell without a number. word: that stands
    there, "" for none and for one that is not known.
    """

    place: Place
    quad: NDArray[np.float64]
    state: CellState
    number: FoundNumber | None = None
    ink: NDArray[np.float32] | None = None
    shared: bool = False
    confidence: float = 1.0
    word: str = ""


def find_cells(page: PreparedPage, maps: LineMaps, fit: Fit, reader: Reader) -> list[FoundCell]:
    """Find all cells of the form, in its order."""
    areas = fit.cells()
    found = with_fractions(not_rulings(look(page, reader), page.darkness, maps))
    quads = {place: fit.quad(area) for place, area in areas.items()}
    owners = InkOwners.of(page.ink, list(quads.values()))
    inside = _without_tails(_by_cell(found, fit, areas, page.darkness), found, owners, list(areas))
    height = _digit_height(found, quads)
    groups = {place: found.chosen(inside.get(place, _NOTHING)) for place in areas}
    groups |= look_again(page, maps, groups, quads, height, reader)
    numbers = _read(page, groups, reader)
    dittos = _dittos(page, numbers, groups, quads, owners, fit)
    numbers = {place: number for place, number in numbers.items() if place not in dittos}
    strokes = {place: stroke_width(page.ink, number.boxes) for place, number in numbers.items()}
    usual = float(np.median(list(strokes.values()))) if strokes else 0.0
    cells = []
    for index, place in enumerate(areas):
        quad = quads[place]
        if place in numbers:
            number = numbers[place]
            shared = near_tail(number.boxes, owners.tails_in(index, height), height)
            state = _state_of(page, number, strokes[place], usual)
            cells.append(FoundCell(place, quad, state, number, shared=shared))
        elif place in dittos:
            cells.append(FoundCell(place, quad, CellState.DITTO))
        else:
            own = owners.without_tails(page.ink, index)
            state, ink, sure = cell_state(page.darkness, own, quad, groups[place], height)
            told = sure >= _SURE and _may_hold(fit.layout.holds_of(place), state)
            cells.append(FoundCell(place, quad, state, None, ink if told else _whole(quad), confidence=sure))
    return cells


def _without_tails(
    inside: Mapping[Place, NDArray[np.intp]], found: Characters, owners: InkOwners, places: Sequence[Place]
) -> dict[Place, NDArray[np.intp]]:
    """Drop the characters of each cell that are but the tail of another cell's ink."""
    return {
        place: np.array([i for i in inside[place] if not owners.is_tail(found.boxes[i], index)], np.intp)
        for index, place in enumerate(places)
        if place in inside
    }


def _read(page: PreparedPage, groups: Mapping[Place, Characters], reader: Reader) -> dict[Place, FoundNumber]:
    """Read the numbers of the cells that have digits on their main line."""
    lines = {place: main_line(group) for place, group in groups.items()}
    pairs = {place: (line.chosen(line.best < DIGITS), line.chosen(line.best >= DIGITS)) for place, line in lines.items()}
    pairs = {place: pair for place, pair in pairs.items() if len(pair[0])}
    numbers = dict(zip(pairs, read_strings(page.darkness, list(pairs.values()), reader), strict=True))
    return {place: number for place, number in numbers.items() if number.seen > _SEEN * len(number.boxes)}


def _dittos(
    page: PreparedPage,
    numbers: Mapping[Place, FoundNumber],
    groups: Mapping[Place, Characters],
    quads: Mapping[Place, NDArray[np.float64]],
    owners: InkOwners,
    fit: Fit,
) -> set[Place]:
    """Return the cells that may hold a ditto mark and do: the strokes of one look like the number 11."""
    usual = usual_height(list(numbers.values()))
    return {
        place
        for index, place in enumerate(quads)
        if place in numbers
        and may_be_ditto(numbers[place], usual)
        and Mark.DITTO in fit.layout.holds_of(place).marks
        and cell_state(page.darkness, owners.without_tails(page.ink, index), quads[place], groups[place], usual)[0]
        is CellState.DITTO
    }


def _may_hold(holds: Holds, state: CellState) -> bool:
    """Whether the form allows this state in the cell. Illegible ink goes to review in any case."""
    marks = {CellState.BLANK: Mark.BLANK, CellState.DASH: Mark.DASH, CellState.DITTO: Mark.DITTO}
    return state not in marks or marks[state] in holds.marks


def _whole(quad: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.concatenate([quad.min(axis=0), quad.max(axis=0)]).astype(np.float32)


_NOTHING = np.empty(0, np.intp)


def _state_of(page: PreparedPage, number: FoundNumber, stroke: float, usual: float) -> CellState:
    if is_struck_out(page.ink, number.boxes):
        return CellState.STRUCK_OUT
    return CellState.OVERWRITTEN if is_overwritten(stroke, usual) else CellState.NUMBER


def _by_cell(found: Characters, fit: Fit, areas: Mapping[Place, Area], darkness: Grey) -> dict[Place, NDArray[np.intp]]:
    """Return indices of the characters whose middle lies in each cell, without the rulings at its sides."""
    middles = np.stack([(found.boxes[:, 0] + found.boxes[:, 2]) / 2, (found.boxes[:, 1] + found.boxes[:, 3]) / 2], axis=1)
    places = fit.to_form(middles.astype(np.float64))
    owner = cell_at(places, areas)
    inside = np.flatnonzero(owner >= 0)
    sides = np.array([(area.x, area.x + area.w) for area in areas.values()])[owner[inside]]
    y = places[inside, 1]
    edges = np.stack([fit.to_page(np.stack([side, y], axis=1))[:, 0] for side in sides.T], axis=1)
    own = inside[~beside_edges(found.chosen(inside), darkness, edges)]
    names = list(areas)
    return {names[i]: own[owner[own] == i] for i in np.unique(owner[own])}


def cell_at(points: NDArray[np.float64], areas: Mapping[Place, Area]) -> NDArray[np.intp]:
    """Return for each point (n, 2) the index of the area that contains it, the first of several; -1 for none."""
    sides = np.array([(a.x, a.y, a.x + a.w, a.y + a.h) for a in areas.values()], np.float64).reshape(-1, 4)
    owner = np.full(len(points), -1, np.intp)
    for i, (x, y) in enumerate(points):
        within = np.flatnonzero((sides[:, 0] <= x) & (x < sides[:, 2]) & (sides[:, 1] <= y) & (y < sides[:, 3]))
        if len(within):
            owner[i] = within[0]
    return owner


def _digit_height(found: Characters, quads: Mapping[Place, NDArray[np.float64]]) -> float:
    """Return the height of the digits on the page, in its pixels; half the height of a cell where there are none."""
    digits = found.boxes[found.best < DIGITS]
    if len(digits):
        return float(np.median(digits[:, 3] - digits[:, 1]))
    return float(np.median([np.ptp(quad[:, 1]) for quad in quads.values()])) / 2
