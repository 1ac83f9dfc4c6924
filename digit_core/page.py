"""The whole story of a page: prepare it, find its digits, classify them, and judge what may be published."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from digit_core.crop import mnist_crops
from digit_core.decision import FoundNumber
from digit_core.ink import digit_ink
from digit_core.numbers import find_number, find_numbers
from digit_core.params import ReviewPolicy, SegmentationParams, Writing
from digit_core.preprocess import Affine, PreparedPage, prepare, prepare_strip
from digit_core.printing import told_by_page
from digit_core.reader import Reader
from digit_core.recogniser import Recogniser
from digit_core.records import (
    NOT_A_DIGIT,
    Box,
    DigitReading,
    Grey,
    NumberString,
    PageDigits,
    PageFound,
    PageImage,
    PageRead,
    PageRef,
    Reading,
    State,
)

_WORD = 0.4
"""Mean probability of "not a digit" from which a string is a word, a label or a ruling, and no number at all."""

_LEAST_SEEN = 5.0
"""Log odds from which a number of a page is one: those of its columns and of the classifier's word for its digits together."""

CLASSIFIER, EVIDENCE = 0.2, 1.0
"""Exponents of the two witnesses of a digit; fitted on written strips of digits that neither learned."""

Probabilities = NDArray[np.float32]
"""Shape (n, 11): calibrated probabilities of the ten digits and of "not a digit"."""


def find_digits(image: PageImage, params: SegmentationParams, reader: Reader) -> PageDigits:
    """Finds the digits of a page; the one function behind which detection lives."""
    page = prepare(image.pixels, params)
    return told_by_page(_found(page, find_numbers(page, reader, params), image))


def find_strip(image: PageImage, params: SegmentationParams, reader: Reader) -> PageDigits:
    """Finds the digits of an image that holds one number and nothing else."""
    page = prepare_strip(image.pixels, params)
    return _found(page, [replace(one, seen=math.inf) for one in find_number(page, reader)], image)


def _found(page: PreparedPage, numbers: list[FoundNumber], image: PageImage) -> PageDigits:
    inked = [_Inked(one, digit_ink(page.darkness, page.ink, one.boxes)) for one in numbers]
    placed = list(reading_order(inked))
    boxes = iter(to_scan([box for _, one in placed for box in one.boxes], page.to_scan, image.width, image.height))
    strings = tuple(_string(line, one.found, tuple(islice(boxes, len(one.inks)))) for line, one in placed)
    crops = mnist_crops([ink for _, one in placed for _, ink in one.inks])
    evidence = np.concatenate([one.found.evidence for _, one in placed]) if placed else np.empty((0, 11), np.float32)
    return PageDigits(strings, crops, page.skew, evidence)


def _string(line: int, one: FoundNumber, boxes: tuple[Box, ...]) -> NumberString:
    return NumberString(line, boxes, one.certainty, one.printed, one.text, one.seen)


@dataclass(frozen=True, slots=True, eq=False)
class _Inked:
    """A found number with the ink of each of its digits."""

    found: FoundNumber
    inks: list[tuple[Box, Grey]]

    @property
    def boxes(self) -> list[Box]:
        return [box for box, _ in self.inks]


class _Boxed(Protocol):
    @property
    def boxes(self) -> Sequence[Box]: ...


String = TypeVar("String", bound=_Boxed)


def reading_order(strings: Sequence[String]) -> Iterator[tuple[int, String]]:
    """Lines from top to bottom, and in a line from left to right; yields (line, string).

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
    """Boxes of the prepared page as the upright boxes around them in the original scan, inside its borders."""
    sides = np.array([(box.x, box.y, box.right, box.bottom) for box in boxes], np.float64).reshape(-1, 4)
    corners = np.stack([sides[:, [x, y]] for x in (0, 2) for y in (1, 3)])
    points = corners @ affine[:, :2].T + affine[:, 2]
    last = np.array([width, height])
    first = np.clip(np.floor(points.min(axis=0) + 1e-6), 0, last - 1).astype(int)
    size = np.maximum(np.minimum(np.ceil(points.max(axis=0) - 1e-6), last).astype(int) - first, 1)
    return [Box(*place) for place in np.hstack([first, size]).tolist()]


def judge(found: PageFound, probabilities: Probabilities, policy: ReviewPolicy) -> PageRead:
    """Turns probabilities into readings: which digits are published, which go to a person, and why.

    probabilities: one row a digit, in the order of `found.digits`. Deterministic: the audit sample is drawn by a hash.
    """
    both = fused(probabilities, found.digits.evidence)
    readings, start = [], 0
    for number in found.digits.numbers:
        own = slice(start, start + len(number.boxes))
        reading = _judge_number(found, number, both[own], policy) if _stands_there(number, probabilities[own]) else None
        if reading is not None:
            readings.append(reading)
        start = own.stop
    return PageRead(found.ref, found.width, found.height, found.dpi, found.digits.skew, tuple(readings))


def fused(probabilities: Probabilities, evidence: Probabilities | None) -> Probabilities:
    """What the classifier says of the crops (n, 11) and what the reader says of the same places (n, 11), as one.

    Both are taken as independent witnesses, each with an exponent, as they saw the same ink: a logarithmic opinion pool
    (Genest, Zidek, "Combining probability distributions", Statistical Science 1986).
    """
    if evidence is None:
        return probabilities
    both = np.power(np.maximum(probabilities, 1e-9), CLASSIFIER) * np.power(np.maximum(evidence, 1e-9), EVIDENCE)
    return np.asarray(both / both.sum(axis=1, keepdims=True), np.float32)


def _stands_there(number: NumberString, classified: Probabilities) -> bool:
    """Words, ticks and specks, which look like digits one by one, are none to the columns that see them together."""
    strange = float(np.clip(classified[:, NOT_A_DIGIT].mean(), 1e-6, 1 - 1e-6))
    return number.seen - math.log(strange / (1 - strange)) > _LEAST_SEEN


def _judge_number(found: PageFound, number: NumberString, rows: Probabilities, policy: ReviewPolicy) -> Reading | None:
    if float(rows[:, NOT_A_DIGIT].mean()) > _WORD or not _wanted(number, policy.writing):
        return None
    parts = tuple(_judge_digit(found, box, row, number.certainty, policy) for box, row in zip(number.boxes, rows, strict=True))
    digits = "".join(part.digit for part in parts)
    if not digits:
        return None
    state = State.REVIEW if any(part.state is State.REVIEW for part in parts) else State.ACCEPTED
    # That the number has these digits is doubted once, not for each of them.
    confidence = math.prod(part.confidence / number.certainty for part in parts) * number.certainty
    return Reading(number.line, Box.around(number.boxes), digits, confidence, state, parts, number.printed, number.text)


def _wanted(number: NumberString, writing: Writing) -> bool:
    return writing is Writing.ANY or (number.printed > 0.5) == (writing is Writing.PRINT)


def _judge_digit(found: PageFound, box: Box, row: NDArray[np.float32], certainty: float, policy: ReviewPolicy) -> DigitReading:
    """certainty: that the number has these digits at all; a digit is no surer than that."""
    best = np.argsort(-row, kind="stable")[:3]
    top = tuple((int(label), float(row[label]) * certainty) for label in best)
    if top[0][1] < policy.threshold:
        return DigitReading(box, top, State.REVIEW, _doubt(top[0][0], float(row[best[0]]), policy))
    if top[0][0] == NOT_A_DIGIT:
        return DigitReading(box, top, State.REJECTED)
    return DigitReading(box, top, State.ACCEPTED, "audit" if _drawn(found.ref.digit_id(box), policy.audit_share) else "")


def _doubt(label: int, probability: float, policy: ReviewPolicy) -> str:
    """Why a digit goes to a person."""
    if probability >= policy.threshold:
        return "touching"
    return "not a digit?" if label == NOT_A_DIGIT else "low confidence"


def _drawn(digit_id: str, share: float) -> bool:
    """A lot that falls the same way for the same digit in every run."""
    lot = int.from_bytes(hashlib.sha256(f"audit {digit_id}".encode()).digest()[:8], "big")
    return lot < share * 2**64


def read_page(
    image: PageImage,
    ref: PageRef,
    reader: Reader,
    recogniser: Recogniser,
    params: SegmentationParams,
    policy: ReviewPolicy,
) -> PageRead:
    """One page from pixels to readings."""
    found = PageFound(ref, image.width, image.height, image.dpi, find_digits(image, params, reader))
    return judge(found, recogniser(found.digits.crops), policy)
