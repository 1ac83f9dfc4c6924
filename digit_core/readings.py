"""Readings: digits, numbers and pages as they are published, and review items. Coordinates as in `records`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum

from digit_core.notation import AS_WRITTEN, UNITS, Meaning, Notation, NumberKind, interpret
from digit_core.records import NOT_A_DIGIT, Box, Cell, Form, PageRef

OUT_OF_REVIEW = "(out of review)"
INTO_REVIEW = "(into review)"
READ_FIRST = "(read first as "
"""Phrases of the column `checks`: the effect of a layout's sums on a number."""


class State(StrEnum):
    """State of a digit or a number."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    REJECTED = "rejected"  # certainly not a digit: kept in `digits`, left out of its number
    CONFIRMED = "confirmed"  # a reviewer read the same as the machine
    CORRECTED = "corrected"  # a reviewer read something else, which counts
    UNREADABLE = "unreadable"  # a reviewer could not read all of it: ? stands for each unreadable digit


class Reason(StrEnum):
    """Reason for review, as in the column `reason`."""

    LOW_CONFIDENCE = "low confidence"
    AUDIT = "audit"
    PILOT = "pilot"  # drawn by the pilot of the collection
    TOUCHING = "touching"
    NOT_A_DIGIT = "not a digit?"
    RULE_BROKEN = "rule broken"  # a form's: too many digits, out of range, sums that do not agree
    STRUCK_OUT = "struck out?"
    OVERWRITTEN = "overwritten?"
    NOT_READ = "not read"  # a cell of a form with ink that is no number
    MARK = "mark?"  # a point, stroke or sign that may be none, or a mark outside of the alphabet


BLIND = frozenset({Reason.AUDIT, Reason.PILOT})
"""Reasons for which a reviewer decides without seeing the machine's reading, which is measured by it."""


@dataclass(frozen=True, slots=True)
class DigitReading:
    """One digit as read: `top` holds the three likeliest classes with their calibrated probabilities, best first."""

    box: Box
    top: tuple[tuple[int, float], ...]
    state: State
    reason: str = ""

    @property
    def confidence(self) -> float:
        return self.top[0][1]

    @property
    def digit(self) -> str:
        """Return '0' to '9', or '' for a non-digit."""
        return str(self.top[0][0]) if self.top[0][0] < NOT_A_DIGIT else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One number as read: `digits` as a string with its leading zeros; confidence: that all of it is right.

    printed: probability that it was printed; text: as written, with its marks; notation: how numbers are written at its place.
    cell: its cell in a form or a ruled table. checks: result of the form's arithmetic. second: the second reader's reading, None
    where it was not asked. date_from: parts of its date, as `digit_core.dates.date_of` takes them; "" for none.
    """

    line: int
    box: Box
    digits: str
    confidence: float
    state: State
    parts: tuple[DigitReading, ...]
    printed: float = 0.0
    text: str = ""
    cell: Cell | None = None
    checks: str = ""
    notation: Notation = AS_WRITTEN
    second: str | None = None
    date_from: str = ""

    @property
    def agreed(self) -> bool | None:
        """Whether the second reader reads the same digits; None where it was not asked."""
        return None if self.second is None else self.second == self.digits

    @property
    def meaning(self) -> Meaning:
        """Interpret its text."""
        return interpret(self.text or self.digits, self.notation)

    @property
    def kind(self) -> NumberKind:
        """Return its kind: integer, decimal, date …; `none` where nothing is written."""
        return self.meaning.kind

    @property
    def value(self) -> float | None:
        """Return the value of the text; None where its kind has no value."""
        return self.meaning.value

    @property
    def decimals(self) -> int | None:
        """Return the number of digits after the point, by its place or as written; None if unknown."""
        return self.meaning.decimals if self.notation.decimals is None else self.notation.decimals

    @property
    def unit(self) -> str:
        """Return the unit of the numbers at its place, or of its kind; "" where neither says so."""
        return self.notation.unit or UNITS.get(self.kind, "")

    @property
    def minus(self) -> bool:
        """Whether a minus stands before it."""
        return self.text.startswith("-")


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page with its readings, in reading order; clear: False if hardly anything on it is a clear number."""

    ref: PageRef
    width: int
    height: int
    dpi: float
    skew: float
    readings: tuple[Reading, ...]
    form: Form | None = None
    clear: bool = True


def one_number(page: PageRead) -> Reading:
    """Join the readings of a strip, which is one number even where its digits stand far apart; without any it has no digits."""
    readings = page.readings
    if not readings:
        return Reading(0, Box(0, 0, page.width, page.height), "", 0.0, State.REVIEW, ())
    if len(readings) == 1:
        return readings[0]
    parts = tuple(part for reading in readings for part in reading.parts)
    state = State.REVIEW if any(reading.state is State.REVIEW for reading in readings) else readings[0].state
    confidence = math.prod(reading.confidence for reading in readings)
    digits, text = ("".join(getattr(reading, name) for reading in readings) for name in ("digits", "text"))
    return Reading(0, Box.around(reading.box for reading in readings), digits, confidence, state, parts, text=text)


@dataclass(frozen=True, slots=True)
class ReadBy:
    """Versions that produced a row. `model_version` is the classifier's, `params` the digest of the parameters."""

    model_version: str
    algorithm_version: str
    layout_version: str
    params: str
    run_id: str
    detector_version: str = ""
    strip_reader_version: str = ""
    second_reader_version: str = ""
    pilot_version: str = ""  # of the pilot whose temperature and threshold were used; "" for none

    @property
    def reading(self) -> tuple[str, ...]:
        """Return all versions except the run: equal ones give equal rows."""
        return tuple(getattr(self, one.name) for one in fields(self) if one.name != "run_id")


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A digit for review: its crop and the strip around it as PNG bytes, the three best guesses, and the reason.

    `parts` are the digits of its number as they were read, left to right, "" for a non-digit, and `place` is its index among
    them, from 0. `mark` is its box within the strip (x, y, w, h, each as a share of the strip's side), `marks` has those of all
    parts. `ink` is the classifier's input: 28x28 bytes, row by row. `second`: the number's digits by the second reader, None
    where it was not asked. `text`: the number as written; `cell`: its zone, row and column, "" where no layout names them;
    `position`: the number's index in reading order on its page, from 0. Items of older queues lack these. `asked`: how many
    digits of its number are asked for, as the queue counts them.
    """

    item_id: str
    uri: str
    sha256: str
    page_index: int
    number_id: str
    box: Box
    top: tuple[tuple[int, float], ...]
    reason: str
    collection: str
    model_version: str
    crop_png: bytes
    context_png: bytes
    parts: tuple[str, ...] = ()
    place: int = 0
    number_box: Box | None = None
    mark: tuple[float, float, float, float] | None = None
    ink: bytes = b""
    second: str | None = None
    text: str = ""
    cell: tuple[str, str, str] = ("", "", "")
    marks: tuple[tuple[float, float, float, float], ...] = ()
    position: int = -1
    asked: int = field(default=1, compare=False)


def as_written(text: str, digits: Sequence[str]) -> str:
    """Return the number as written, with the decided digits in place of those that the reader saw."""
    if sum(character.isdigit() for character in text) != len(digits):
        return "".join(digits)
    decided = iter(digits)
    return "".join(next(decided) if character.isdigit() else character for character in text)
