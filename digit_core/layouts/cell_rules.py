"""Rules of a form's cells, applied to what was read in them."""

from __future__ import annotations

from dataclasses import replace

from digit_core.layouts.candidates import chosen, digits_of, fitting
from digit_core.layouts.template import Holds, Mark
from digit_core.notation import fits, interpret
from digit_core.readings import DigitReading, Reading, Reason, State, as_written
from digit_core.records import CellState

_DOUBTFUL = {
    CellState.STRUCK_OUT: Reason.STRUCK_OUT,
    CellState.OVERWRITTEN: Reason.OVERWRITTEN,
    CellState.ILLEGIBLE: Reason.NOT_READ,
}

_MARKS = {CellState.BLANK: Mark.BLANK, CellState.DASH: Mark.DASH, CellState.DITTO: Mark.DITTO}


def by_form(reading: Reading, holds: Holds) -> Reading:
    """Apply the cell's rules to a reading: its decimals and sign; into review where it breaks a rule.

    Where more digits were read than the cell can hold, the likeliest that fit are taken: brackets, rulings and parts of
    neighbours pass for digits at the ends of a number.
    """
    if len(reading.digits) > holds.digits[1]:
        reading = _of_fitting_length(reading, holds)
    state = reading.cell.state if reading.cell else CellState.NUMBER
    reason = _doubtful_mark(reading, state, holds) or broken_rule(reading.digits, reading.text, state, holds)
    if reason:
        reading = for_review(reading, reason)
    return replace(reading, notation=holds.notation)


def _of_fitting_length(reading: Reading, holds: Holds) -> Reading:
    labels, probability = fitting(reading, *holds.digits)[0]
    parts = chosen(reading, labels, probability, State.REVIEW, Reason.RULE_BROKEN)
    text = as_written(reading.text, [part.digit for part in parts])
    return replace(reading, digits=digits_of(labels), text=text, confidence=probability, state=State.REVIEW, parts=parts)


def _doubtful_mark(reading: Reading, state: CellState, holds: Holds) -> str:
    """Return the reason for review of a mark or word that the form does not allow, or that may be another one."""
    if reading.parts and state is CellState.WORD:
        return Reason.NOT_READ
    if not reading.parts or state not in _MARKS:
        return ""
    return Reason.LOW_CONFIDENCE if _MARKS[state] in holds.marks else Reason.RULE_BROKEN


def for_review(reading: Reading, reason: str) -> Reading:
    """Put all parts of the reading into review; a reading without parts is unchanged."""
    parts = tuple(_for_review(part, reason) for part in reading.parts)
    return replace(reading, parts=parts, state=State.REVIEW if parts else reading.state)


def _for_review(part: DigitReading, reason: str) -> DigitReading:
    """Put a part into review, keeping a digit's own reason before the cell's."""
    own = part.reason if part.state is State.REVIEW and part.reason != Reason.NOT_A_DIGIT else reason
    return replace(part, state=State.REVIEW, reason=own)


def broken_rule(digits: str, text: str, state: CellState, holds: Holds | None) -> str:
    """Return the reason for review of a cell's number, however high its confidence: a value of the column `reason`; "" for none.

    digits: as read, with leading zeros; text: as written, with points and dashes; holds: None without a layout.
    """
    if state in _DOUBTFUL:
        return _DOUBTFUL[state]
    if holds is None or not digits:
        return ""
    low, high = holds.digits
    meaning = interpret(text or digits, holds.notation)
    written = low <= len(digits) <= high and _point_fits(text, holds) and fits(meaning, holds.notation)
    signed = holds.sign or not text.startswith(("+", "-"))
    return "" if written and signed and _in_range(meaning.value, holds) else Reason.RULE_BROKEN


def _in_range(value: float | None, holds: Holds) -> bool:
    """Tell whether the value lies in the range of the cell; no value lies in every range."""
    if value is None:
        return True
    return (holds.least is None or value >= holds.least) and (holds.most is None or value <= holds.most)


def _point_fits(text: str, holds: Holds) -> bool:
    """Tell whether a written point has as many digits after it as the form has decimals."""
    written = interpret(text, replace(holds.notation, decimals=None))
    return holds.decimals is None or written.decimals in (None, holds.decimals)
