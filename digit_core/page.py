"""The whole story of a page: prepare it, find its digits, classify them, and judge what may be published."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from digit_core.crop import mnist_crops
from digit_core.params import ReviewPolicy, SegmentationParams
from digit_core.preprocess import Affine, PreparedPage, prepare, prepare_strip
from digit_core.recogniser import Recogniser
from digit_core.records import (
    NOT_A_DIGIT,
    Box,
    DigitReading,
    NumberString,
    PageDigits,
    PageFound,
    PageImage,
    PageRead,
    PageRef,
    Reading,
    State,
)
from digit_core.segment import segment, segment_strip
from digit_core.splitting import InkString

_WORD = 0.4
"""Mean probability of "not a digit" from which a string is a word, a label or a ruling, and no number at all."""

Probabilities = NDArray[np.float32]
"""Shape (n, 11): calibrated probabilities of the ten digits and of "not a digit"."""


def find_digits(image: PageImage, params: SegmentationParams) -> PageDigits:
    """Finds the digits of a page; the one function behind which detection lives."""
    return _found(prepare(image.pixels, params), segment, image, params)


def find_strip(image: PageImage, params: SegmentationParams) -> PageDigits:
    """Finds the digits of an image that holds one number and nothing else."""
    return _found(prepare_strip(image.pixels, params), segment_strip, image, params)


def _found(
    page: PreparedPage,
    segmenter: Callable[[PreparedPage, SegmentationParams], list[InkString]],
    image: PageImage,
    params: SegmentationParams,
) -> PageDigits:
    strings = [string for string in segmenter(page, params) if string.boxes]
    placed = list(reading_order(strings))
    boxes = iter(to_scan([box for _, string in placed for box in string.boxes], page.to_scan, image.width, image.height))
    numbers = tuple(NumberString(line, tuple(islice(boxes, len(string.boxes)))) for line, string in placed)
    return PageDigits(numbers, mnist_crops([ink for _, string in placed for ink in string.inks]), page.skew)


def reading_order(strings: Sequence[InkString]) -> Iterator[tuple[int, InkString]]:
    """Lines from top to bottom, and in a line from left to right; yields (line, string).

    A string joins the line above it when their middles lie within half a digit's height.
    """
    lines: list[list[tuple[Box, InkString]]] = []
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
    readings, start = [], 0
    for number in found.digits.numbers:
        end = start + len(number.boxes)
        reading = _judge_number(found, number, probabilities[start:end], policy)
        if reading is not None:
            readings.append(reading)
        start = end
    return PageRead(found.ref, found.width, found.height, found.dpi, found.digits.skew, tuple(readings))


def _judge_number(found: PageFound, number: NumberString, rows: Probabilities, policy: ReviewPolicy) -> Reading | None:
    if float(rows[:, NOT_A_DIGIT].mean()) > _WORD:
        return None
    parts = tuple(_judge_digit(found, box, row, policy) for box, row in zip(number.boxes, rows, strict=True))
    digits = "".join(part.digit for part in parts)
    if not digits:
        return None
    state = State.REVIEW if any(part.state is State.REVIEW for part in parts) else State.ACCEPTED
    confidence = math.prod(part.confidence for part in parts)
    return Reading(number.line, Box.around(number.boxes), digits, confidence, state, parts)


def _judge_digit(found: PageFound, box: Box, row: NDArray[np.float32], policy: ReviewPolicy) -> DigitReading:
    best = np.argsort(-row, kind="stable")[:3]
    top = tuple((int(label), float(row[label])) for label in best)
    if top[0][1] < policy.threshold:
        return DigitReading(box, top, State.REVIEW, "not a digit?" if top[0][0] == NOT_A_DIGIT else "low confidence")
    if top[0][0] == NOT_A_DIGIT:
        return DigitReading(box, top, State.REJECTED)
    return DigitReading(box, top, State.ACCEPTED, "audit" if _drawn(found.ref.digit_id(box), policy.audit_share) else "")


def _drawn(digit_id: str, share: float) -> bool:
    """A lot that falls the same way for the same digit in every run."""
    lot = int.from_bytes(hashlib.sha256(f"audit {digit_id}".encode()).digest()[:8], "big")
    return lot < share * 2**64


def read_page(
    image: PageImage, ref: PageRef, recogniser: Recogniser, params: SegmentationParams, policy: ReviewPolicy
) -> PageRead:
    """One page from pixels to readings."""
    found = PageFound(ref, image.width, image.height, image.dpi, find_digits(image, params))
    return judge(found, recogniser(found.digits.crops), policy)
