"""Acceptance: from detections and class probabilities to what is published and what goes to review."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.temperature import tempered_confidence
from digit_core.inference.network_spec import DITTO
from digit_core.layouts.cell_rules import by_form, for_review
from digit_core.layouts.template import Holds, Layout, Place
from digit_core.notation import NumberKind, decimal_mark_of, interpret
from digit_core.params import ReviewPolicy, Writing
from digit_core.readings import DigitReading, PageRead, Reading, Reason, State, as_written
from digit_core.recognition.legibility import legibility_of, only_of_interest
from digit_core.recognition.transcription.fusion_weights import fusion_weights
from digit_core.records import NOT_A_DIGIT, Box, CellState, NumberString, PageFound
from digit_core.spread import pages_apart, read_together

_WORD = 0.4
"""Mean probability of "not a digit" from which a string is a word, a label or a ruling, and not a number."""

_LEAST_SEEN = 5.0
"""Least log odds of a number on a page: of its columns and of the classifier's probabilities of its digits together."""

Probabilities = NDArray[np.float32]
"""Shape (n, 11): calibrated probabilities of the ten digits and of "not a digit"."""


def judge(found: PageFound, probabilities: Probabilities, policy: ReviewPolicy, layouts: Sequence[Layout] = ()) -> PageRead:
    """Turn probabilities into readings: which digits are published, which go to review, and why.

    probabilities: one row per digit, in the order of `found.digits`; layouts: those that the page was read with. Deterministic:
    the audit sample is drawn by a hash. Nothing is accepted on a page that none of its layouts fits, nor on one with hardly any
    clear number (only words, or rotated). Each page of a spread is judged by itself.
    """
    pages = pages_apart(found)
    ends = np.cumsum([len(page.digits.crops) for page in pages])[:-1]
    rows = np.split(probabilities, ends)
    read = [_judge_page(page, own, policy, layouts) for page, own in zip(pages, rows, strict=True)]
    return read[0] if found.digits.right is None else read_together(read[0], read[1], found.digits.right.gutter)


def _judge_page(found: PageFound, probabilities: Probabilities, policy: ReviewPolicy, layouts: Sequence[Layout]) -> PageRead:
    both = fused(probabilities, found.digits.evidence)
    calibrated = found.digits.evidence is not None
    form = found.digits.form
    layout = next((one for one in layouts if form is not None and one.version == form.version), None)
    bounds = np.cumsum([0, *(len(number.boxes) for number in found.digits.numbers)])
    places = [slice(start, end) for start, end in pairwise(bounds.tolist())]
    judged = (
        _judge_number(found, number, both[own], policy, layout, _worth(number, both[own]) if calibrated else _as_said)
        for number, own in zip(found.digits.numbers, places, strict=True)
        if (layout is not None and number.cell is not None) or _stands_there(number, probabilities[own])
    )
    readings = _as_the_page_writes(reading for reading in judged if reading is not None)
    if layout is not None and layout.checks:
        from digit_core.layouts.arithmetic.reconcile import reckoned  # a form without sums needs no arithmetic

        sums = reckoned(readings, layout, policy, lambda box: _drawn(found.ref.digit_id(box), policy.audit_share))
        readings = sums.readings
        if sums.mostly_broken and form is not None:
            form = replace(form, doubt="most of its sums do not come out")
    clear = not legibility_of((number.seen, len(number.boxes)) for number in found.digits.numbers if number.text).none
    if not clear or (form is not None and (form.doubt or not form.name)):
        readings = tuple(replace(reading, state=State.REVIEW) for reading in readings)
    readings = only_of_interest(readings, policy.writing, layout is not None)
    return PageRead(found.ref, found.width, found.height, found.dpi, found.digits.skew, readings, form, clear)


def fused(probabilities: Probabilities, evidence: Probabilities | None) -> Probabilities:
    """Combine the classifier's probabilities of the crops (n, 11) with the readers' of the same places (n, 11).

    Both are treated as independent, the classifier with an exponent: it saw the same ink, but each digit alone.
    """
    if evidence is None:
        return probabilities
    classified = np.power(np.maximum(probabilities, 1e-9), fusion_weights().classifier)
    both = classified * np.maximum(evidence, 1e-9)
    return np.asarray(both / both.sum(axis=1, keepdims=True), np.float32)


def _as_said(confidence: float) -> float:
    return confidence


def _worth(number: NumberString, rows: Probabilities) -> Callable[[float], float]:
    """Return a function that calibrates the confidence of a number, or of one of its digits."""
    digits = "".join(str(label) for label in rows.argmax(axis=1) if label != NOT_A_DIGIT)
    margin = number.margin
    if margin is not None and digits != "".join(filter(str.isdigit, number.text)):
        margin = -abs(margin)  # the classifier changed the number, and the second reader was not asked about the new one
    return lambda confidence: fusion_weights().calibrated(confidence, len(digits), margin)


def _stands_there(number: NumberString, classified: Probabilities) -> bool:
    """Whether the columns see a number: words, ticks and specks look like digits one by one, but not to the columns as a
    whole."""
    if not len(classified):
        return False
    strange = float(np.clip(classified[:, NOT_A_DIGIT].mean(), 1e-6, 1 - 1e-6))
    return number.seen - math.log(strange / (1 - strange)) > _LEAST_SEEN


def _judge_number(
    found: PageFound,
    number: NumberString,
    rows: Probabilities,
    policy: ReviewPolicy,
    layout: Layout | None,
    worth: Callable[[float], float],
) -> Reading | None:
    """Judge a number; None for a non-number outside of all cells of the form."""
    cell = number.cell if layout is not None else None
    if cell is None and (not len(rows) or float(rows[:, NOT_A_DIGIT].mean()) > _WORD or not _wanted(number, policy.writing)):
        return None
    pairs = zip(number.boxes, rows, strict=True)
    parts = tuple(_judge_digit(found, box, row, number.certainty, policy, worth) for box, row in pairs)
    digits = [part.digit for part in parts]
    if cell is None and not any(digits):
        return None
    # doubts about the number's digits and marks as a whole count once, not for each digit
    alike = worth(float(rows.max(axis=1).prod()) * number.certainty) if parts else number.certainty
    sure = tempered_confidence(alike, policy.temperature)
    parts = _as_a_whole(parts, sure, policy)
    state = State.REVIEW if any(part.state is State.REVIEW for part in parts) else State.ACCEPTED
    text = _text_of(number, digits)
    holds = layout.holds_of(Place(cell.zone, cell.row, cell.column)) if layout is not None and cell is not None else None
    marks = 1.0 if _is_told_by_form(text, holds) else number.marks
    confidence = tempered_confidence(alike * marks, policy.temperature)
    marks = tempered_confidence(marks, policy.temperature)
    box = number.cell.box if number.cell is not None and not number.boxes else Box.around(number.boxes)
    numeral = "".join(digits)
    reading = Reading(number.line, box, numeral, confidence, state, parts, number.printed, text, number.cell)
    reading = replace(reading, second=number.second)
    if numeral and (confidence < policy.threshold <= sure or marks < policy.threshold or _is_odd(reading)):
        reading = for_review(reading, Reason.MARK)
    if cell is not None and cell.shared:
        reading = for_review(reading, Reason.TOUCHING)
    if holds is None or layout is None or cell is None:
        return reading
    return replace(by_form(reading, holds), date_from=layout.date_from(Place(cell.zone, cell.row, cell.column)))


def _text_of(number: NumberString, digits: Sequence[str]) -> str:
    """Return what is written: a ditto, a word, or the number with these digits."""
    state = number.cell.state if number.cell is not None else CellState.NUMBER
    if state is CellState.WORD:
        return number.text
    return DITTO if state is CellState.DITTO else as_written(number.text, digits)


def _is_told_by_form(text: str, holds: Holds | None) -> bool:
    """Whether the value does not depend on the marks, because the form fixes the point and allows no sign."""
    if holds is None or holds.decimals is None or holds.sign:
        return False
    return interpret(text).kind in (NumberKind.INTEGER, NumberKind.DECIMAL)


def _as_a_whole(parts: tuple[DigitReading, ...], confidence: float, policy: ReviewPolicy) -> tuple[DigitReading, ...]:
    """Return the digits of a number; where each is sure enough but all together are not, the one of lowest confidence goes to
    review."""
    if not parts or confidence >= policy.threshold or any(part.state is State.REVIEW for part in parts):
        return parts
    least = min(range(len(parts)), key=lambda i: parts[i].confidence)
    return tuple(
        replace(part, state=State.REVIEW, reason="low confidence") if i == least else part for i, part in enumerate(parts)
    )


def _is_odd(reading: Reading) -> bool:
    """Whether the text has no form of a number: something in it was misread, or is not in the alphabet."""
    return reading.kind is NumberKind.OTHER and not reading.meaning.open


def _as_the_page_writes(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Apply the decimal mark that the page's numbers agree on, where the layout does not set it."""
    readings = tuple(readings)
    mark = decimal_mark_of(reading.text for reading in readings)
    if mark is None:
        return readings
    return tuple(replace(one, notation=replace(one.notation, decimal_mark=mark)) if one.meaning.open else one for one in readings)


def _wanted(number: NumberString, writing: Writing) -> bool:
    return writing in (Writing.ANY, Writing.AUTO) or (number.printed > 0.5) == (writing is Writing.PRINT)


def _judge_digit(
    found: PageFound,
    box: Box,
    row: NDArray[np.float32],
    certainty: float,
    policy: ReviewPolicy,
    worth: Callable[[float], float],
) -> DigitReading:
    """Judge a digit. certainty: probability that the number has these digits at all; it limits the digit's confidence."""
    best = np.argsort(-row, kind="stable")[:3]
    said = float(row[best[0]]) * certainty
    sure = tempered_confidence(worth(said), policy.temperature)
    left = (1 - sure) / max(1 - said, 1e-9)  # factor for the probabilities of the other classes
    top = ((int(best[0]), sure), *((int(label), min(sure, float(row[label]) * certainty * left)) for label in best[1:]))
    if sure < policy.threshold:
        return DigitReading(box, top, State.REVIEW, _doubt(top[0][0], float(row[best[0]]), policy))
    if top[0][0] == NOT_A_DIGIT:
        return DigitReading(box, top, State.REJECTED)
    return DigitReading(box, top, State.ACCEPTED, "audit" if _drawn(found.ref.digit_id(box), policy.audit_share) else "")


def _doubt(label: int, probability: float, policy: ReviewPolicy) -> str:
    """Return the reason for review of a digit."""
    if probability >= policy.threshold:
        return "touching"
    return "not a digit?" if label == NOT_A_DIGIT else "low confidence"


def _drawn(digit_id: str, share: float) -> bool:
    """Draw a lot that is the same for the same digit in every run."""
    lot = int.from_bytes(hashlib.sha256(f"audit {digit_id}".encode()).digest()[:8], "big")
    return lot < share * 2**64
