"""Strips with known numbers, read from beginning to end: what the confidence of a digit is worth is measured here.

Two kinds of ink: worn strips by many hands, as the reader learned them; and clean ones, MNIST's digits side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.record import CalibrationRecord
from digit_core.inference.classifier import Recogniser
from digit_core.inference.reader import Reader
from digit_core.params import SegmentationParams
from digit_core.recognition.acceptance import fused
from digit_core.recognition.pipeline import find_strip
from digit_core.records import NOT_A_DIGIT, Box, Grey, PageDigits, PageImage
from digit_core.synthesis.glyph_bank import make_glyph_bank
from digit_core.synthesis.training_images import Sample, write_strip
from digit_core.training.mnist import Labelled

_PENS = 100
_CLEAN_DIGITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class LabelledStrip:
    """A strip as a scan (0 black), and its digits: the figure, and the left and right end of its ink in pixels."""

    scan: Grey
    places: tuple[tuple[int, float, float], ...]

    @property
    def digits(self) -> str:
        return "".join(str(digit) for digit, _, _ in self.places)


@dataclass(frozen=True, slots=True, eq=False)
class DigitOutcomes:
    """Digits that were read, and digits that were missed: (n,) confidence and whether it was right.

    A digit is right when the same figure stands in its place. One that was missed is wrong, and as sure as its number's least
    sure digit: whoever accepts those accepts that it is missing.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]

    def record(self) -> CalibrationRecord:
        return CalibrationRecord.of(self.confidence, self.right)


def worn_strips(digits: Labelled, strips: int, rng: np.random.Generator) -> Iterator[LabelledStrip]:
    """Strips by many hands on worn paper, made of `digits` and of invented pens."""
    hands = make_glyph_bank(*digits, rng, digits=len(digits[0]), pens=_PENS)
    for strip in islice(filter(legible, (write_strip(hands, rng) for _ in count())), strips):
        own = strip.places[: len(strip.text)]
        yield LabelledStrip(~strip.pixels, tuple((int(p.character), p.left, p.right) for p in own if p.character.isdigit()))


def legible(strip: Sample) -> bool:
    """Whether a person could say what stands there: every digit has ink that shows, and its own place on the line.

    Paper, blur and a bilevel scan now and then leave nothing of a digit; then nobody can be wrong about it.
    """
    own = [place for place in strip.places[: len(strip.text)] if place.character.isdigit()]
    paper, ink = float(np.median(strip.pixels)), float(np.percentile(strip.pixels, 99.5))
    for place in own:
        inside = strip.pixels[max(0, int(place.top)) : int(place.bottom), max(0, int(place.left)) : int(place.right)]
        if not inside.size or np.percentile(inside, 90) < paper + max(12.0, 0.35 * (ink - paper)):
            return False
    return all((b.left + b.right) - (a.left + a.right) > 0.8 * min(a.right - a.left, b.right - b.left) for a, b in pairwise(own))


def clean_strips(digits: Labelled, rng: np.random.Generator) -> Iterator[LabelledStrip]:
    """Each of the digits once, four to a strip, as MNIST has them."""
    images, labels = digits
    order = rng.permutation(len(images))
    for start in range(0, len(order) - _CLEAN_DIGITS + 1, _CLEAN_DIGITS):
        chosen = order[start : start + _CLEAN_DIGITS]
        ink = np.pad(np.concatenate([images[i][:, 3:-3] for i in chosen], axis=1), ((2, 2), (6, 6)))
        yield LabelledStrip(~ink, tuple((int(labels[i]), 7 + 22 * place, 27 + 22 * place) for place, i in enumerate(chosen)))


def evaluate_digits(papers: Iterator[LabelledStrip], reader: Reader, recogniser: Recogniser) -> DigitOutcomes:
    """Reads the strips from beginning to end."""
    pairs = [pair for paper in papers for pair in _judged(paper, *_read(paper, reader, recogniser))]
    return DigitOutcomes(np.array([sure for sure, _ in pairs]), np.array([right for _, right in pairs], bool))


def _read(paper: LabelledStrip, reader: Reader, recogniser: Recogniser) -> tuple[PageDigits, NDArray[np.float32]]:
    """What was found on a strip, and the probabilities of its digits."""
    found = find_strip(PageImage(paper.scan), SegmentationParams(), reader)
    return found, fused(recogniser(found.crops), found.evidence)


def _judged(paper: LabelledStrip, found: PageDigits, probabilities: NDArray[np.float32]) -> list[tuple[float, bool]]:
    """(confidence, right) of every digit that was read or missed."""
    if not found.numbers:
        return []
    number = found.numbers[0]
    answers = [
        (float(row.max()) * number.certainty, _stands_at(paper, int(row.argmax()), box), box)
        for row, box in zip(probabilities, number.boxes, strict=True)
        if row.argmax() != NOT_A_DIGIT
    ]
    missed = sum(not any(_overlap(place, box) for _, _, box in answers) for place in paper.places)
    least = min((sure for sure, _, _ in answers), default=0.0)
    return [(sure, right) for sure, right, _ in answers] + [(least, False)] * (missed if answers else 0)


def _stands_at(paper: LabelledStrip, digit: int, box: Box) -> bool:
    return any(place[0] == digit and _overlap(place, box) for place in paper.places)


def _overlap(place: tuple[int, float, float], box: Box) -> bool:
    """Whether a box stands where that digit does: they share half of the narrower one."""
    _, left, right = place
    return min(right, box.right) - max(left, box.x) > 0.5 * min(right - left, box.w)


@dataclass(frozen=True, slots=True)
class StripScore:
    """How an exam went. Of all strips with a number the shares read exactly and with the right count of digits; of the digits in
    those of the right count the share read right; of the surest half of the strips the share read wrong.
    """

    exact: float
    length: float
    digits: float
    wrong_in_surest_half: float


def evaluate_strips(papers: Sequence[LabelledStrip], reader: Reader, recogniser: Recogniser) -> StripScore:
    """Reads strips that hold a number each (others are left out), and counts."""
    sure, exact, length, right, digits = [], [], [], 0, 0
    for paper in (paper for paper in papers if paper.digits):
        found, probabilities = _read(paper, reader, recogniser)
        text = "".join(str(i) for i in probabilities[:, :NOT_A_DIGIT].argmax(axis=1))
        certainty = min((number.certainty for number in found.numbers), default=0.0)
        sure.append(float(probabilities.max(axis=1).prod()) * certainty)
        exact.append(text == paper.digits)
        length.append(len(text) == len(paper.digits))
        if length[-1]:
            right += sum(a == b for a, b in zip(text, paper.digits, strict=True))
            digits += len(text)
    surest = np.argsort(sure)[len(sure) // 2 :]
    return StripScore(
        float(np.mean(exact)), float(np.mean(length)), right / max(digits, 1), float(1 - np.mean(np.array(exact)[surest]))
    )
