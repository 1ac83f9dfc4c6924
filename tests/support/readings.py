"""Readings of a form's cells as tests want them."""

from __future__ import annotations

from digit_core.layouts.template import Place
from digit_core.readings import DigitReading, Reading, State
from digit_core.records import NOT_A_DIGIT, Box, Cell, CellState

OF_PAPER = Box(0, 0, 60, 40)


def part(
    digit: str, share: float = 0.99, other: str = "0", state: State | None = None, reason: str = "", x: int = 0
) -> DigitReading:
    """A digit ("" for none) with its share, the next likely one with what is left, and a hint of what is none."""
    label = int(digit) if digit else NOT_A_DIGIT
    second = int(other) if other and int(other) != label else (label + 1) % 10
    left = 1 - share
    top = ((label, share), (second, left * 0.9), (NOT_A_DIGIT if digit else 1, left * 0.1))
    sure = share >= 0.97
    state = state or (State.ACCEPTED if sure else State.REVIEW)
    return DigitReading(Box(5 + 12 * x, 5, 10, 30), top, state, reason or ("" if sure else "low confidence"))


def read_as(
    digits: str,
    place: Place | None = None,
    share: float = 0.99,
    text: str = "",
    cell: CellState = CellState.NUMBER,
    doubt: dict[int, tuple[float, str]] | None = None,
) -> Reading:
    """A number in a cell; doubt: by place in the number another share, and the digit that it may be as well."""
    doubts = doubt or {}
    parts = tuple(part(d, *doubts.get(i, (share, "")), x=i) for i, d in enumerate(digits))
    state = State.REVIEW if any(one.state is State.REVIEW for one in parts) else State.ACCEPTED
    confidence = 1.0
    for one in parts:
        confidence *= one.confidence
    return Reading(0, OF_PAPER, digits, confidence, state, parts, text=text or digits, cell=_cell(place, cell))


def nothing_in(place: Place, cell: CellState = CellState.BLANK) -> Reading:
    """A cell where nothing need be looked at."""
    return Reading(0, OF_PAPER, "", 1.0, State.ACCEPTED, (), cell=_cell(place, cell))


def unread(place: Place, cell: CellState = CellState.ILLEGIBLE) -> Reading:
    """A cell with ink that is no number, which a person is asked about."""
    ink = DigitReading(Box(5, 5, 40, 30), ((NOT_A_DIGIT, 0.97), (1, 0.01), (7, 0.01)), State.REVIEW, "not read")
    return Reading(0, OF_PAPER, "", 0.97, State.REVIEW, (ink,), cell=_cell(place, cell))


def _cell(place: Place | None, state: CellState) -> Cell:
    where = place or Place("zone")
    return Cell(where.zone, where.row, where.column, state, OF_PAPER)
