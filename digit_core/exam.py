"""Strips with known numbers, read from beginning to end: what the confidence of a digit is worth is measured here.

Two kinds of ink: worn strips by many hands, as the reader learned them; and clean ones, MNIST's digits side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration import CalibrationRecord
from digit_core.hands import make_hands
from digit_core.mnist import Labelled
from digit_core.page import find_strip, fused
from digit_core.params import SegmentationParams
from digit_core.reader import Reader
from digit_core.recogniser import Recogniser
from digit_core.records import NOT_A_DIGIT, Grey, PageDigits, PageImage
from digit_core.strips import write_strip

_PENS = 100
_CLEAN_DIGITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """A strip as a scan (0 black), and the digits on it."""

    scan: Grey
    digits: str


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """All digits that were read, of all strips: (n, 11) fused probabilities, (n,) certainty of their number's length, (n,) the
    true digit, or NOT_A_DIGIT where the number has another length than was read.
    """

    probabilities: NDArray[np.float32]
    certainty: NDArray[np.float64]
    truth: NDArray[np.int64]

    def record(self) -> CalibrationRecord:
        """Confidence against being right, of what was taken for a digit. In a number of the wrong length no digit is right."""
        answers = self.probabilities.argmax(axis=1)
        taken = answers != NOT_A_DIGIT
        confidence = self.probabilities.max(axis=1) * self.certainty
        return CalibrationRecord.of(confidence[taken], (answers == self.truth)[taken])


def worn_strips(digits: Labelled, strips: int, rng: np.random.Generator) -> Iterator[Paper]:
    """Strips by many hands on worn paper, made of `digits` and of invented pens."""
    hands = make_hands(*digits, rng, digits=len(digits[0]), pens=_PENS)
    for _ in range(strips):
        strip = write_strip(hands, rng)
        yield Paper(~strip.pixels, "".join(character for character in strip.text if character.isdigit()))


def clean_strips(digits: Labelled, rng: np.random.Generator) -> Iterator[Paper]:
    """Each of the digits once, four to a strip, as MNIST has them."""
    images, labels = digits
    order = rng.permutation(len(images))
    for start in range(0, len(order) - _CLEAN_DIGITS + 1, _CLEAN_DIGITS):
        chosen = order[start : start + _CLEAN_DIGITS]
        ink = np.pad(np.concatenate([images[i][:, 3:-3] for i in chosen], axis=1), ((2, 2), (6, 6)))
        yield Paper(~ink, "".join(str(labels[i]) for i in chosen))


def sit(papers: Iterator[Paper], reader: Reader, recogniser: Recogniser) -> Answers:
    """Reads the strips from beginning to end."""
    params = SegmentationParams()
    marked = [(paper.digits, find_strip(PageImage(paper.scan), params, reader)) for paper in papers]
    return _answers([(digits, found, recogniser(found.crops)) for digits, found in marked])


def _answers(read: Sequence[tuple[str, PageDigits, NDArray[np.float32]]]) -> Answers:
    rows, certainty, truth = [np.empty((0, 11), np.float32)], [], []
    for digits, found, probabilities in read:
        rows.append(fused(probabilities, found.evidence))
        certainty += [number.certainty for number in found.numbers for _ in number.boxes]
        same = len(digits) == len(found.crops)
        truth += [int(digit) for digit in digits] if same else [NOT_A_DIGIT] * len(found.crops)
    return Answers(np.concatenate(rows), np.array(certainty), np.array(truth, np.int64))


@dataclass(frozen=True, slots=True)
class Marks:
    """How an exam went. Of all strips with a number the shares read exactly and with the right count of digits; of the digits in
    those of the right count the share read right; of the surest half of the strips the share read wrong.
    """

    exact: float
    length: float
    digits: float
    wrong_in_surest_half: float


def marked(papers: Sequence[Paper], reader: Reader, recogniser: Recogniser) -> Marks:
    """Reads strips that hold a number each (others are left out), and counts."""
    params = SegmentationParams()
    sure, exact, length, right, digits = [], [], [], 0, 0
    for paper in (paper for paper in papers if paper.digits):
        found = find_strip(PageImage(paper.scan), params, reader)
        probabilities = fused(recogniser(found.crops), found.evidence)
        text = "".join(str(i) for i in probabilities[:, :NOT_A_DIGIT].argmax(axis=1))
        certainty = min((number.certainty for number in found.numbers), default=0.0)
        sure.append(float(probabilities.max(axis=1).prod()) * certainty)
        exact.append(text == paper.digits)
        length.append(len(text) == len(paper.digits))
        if length[-1]:
            right += sum(a == b for a, b in zip(text, paper.digits, strict=True))
            digits += len(text)
    surest = np.argsort(sure)[len(sure) // 2 :]
    return Marks(
        float(np.mean(exact)), float(np.mean(length)), right / max(digits, 1), float(1 - np.mean(np.array(exact)[surest]))
    )
