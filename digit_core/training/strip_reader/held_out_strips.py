"""Held-out strips with known numbers, read completely: they measure what the confidence of a digit is worth.

Two kinds of ink: worn strips in many hands, as in the reader's training; and clean ones, MNIST's digits side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.record import CalibrationRecord
from digit_core.readings import Reading
from digit_core.recognition.pipeline import PageReader
from digit_core.records import Box, Grey, PageImage, PageRef
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
    """Outcomes for digits that were read, and for missed ones: (n,) confidence and whether it was right.

    A digit is right when the same figure stands in its place. A missed one is wrong, with the lowest confidence of its number's
    digits: accepting those accepts that it is missing.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]

    def record(self) -> CalibrationRecord:
        return CalibrationRecord.of(self.confidence, self.right)


def worn_strips(digits: Labelled, strips: int, rng: np.random.Generator) -> Iterator[LabelledStrip]:
    """Yield strips in many hands on worn paper, made of `digits` and of simulated pens."""
    hands = make_glyph_bank(*digits, rng, digits=len(digits[0]), pens=_PENS)
    for strip in islice(filter(legible, (write_strip(hands, rng) for _ in count())), strips):
        own = strip.places[: len(strip.text)]
        yield LabelledStrip(~strip.pixels, tuple((int(p.character), p.left, p.right) for p in own if p.character.isdigit()))


def legible(strip: Sample) -> bool:
    """Whether a person could read the strip: every digit has visible ink, and its own place on the line.

    Paper, blur and a bilevel scan sometimes leave nothing of a digit; then no reading can be called wrong.
    """
    own = [place for place in strip.places[: len(strip.text)] if place.character.isdigit()]
    paper, ink = float(np.median(strip.pixels)), float(np.percentile(strip.pixels, 99.5))
    for place in own:
        inside = strip.pixels[max(0, int(place.top)) : int(place.bottom), max(0, int(place.left)) : int(place.right)]
        if not inside.size or np.percentile(inside, 90) < paper + max(12.0, 0.35 * (ink - paper)):
            return False
    return all((b.left + b.right) - (a.left + a.right) > 0.8 * min(a.right - a.left, b.right - b.left) for a, b in pairwise(own))


def clean_strips(digits: Labelled, rng: np.random.Generator) -> Iterator[LabelledStrip]:
    """Yield each of the digits once, four to a strip, as in MNIST."""
    images, labels = digits
    order = rng.permutation(len(images))
    for start in range(0, len(order) - _CLEAN_DIGITS + 1, _CLEAN_DIGITS):
        chosen = order[start : start + _CLEAN_DIGITS]
        ink = np.pad(np.concatenate([images[i][:, 3:-3] for i in chosen], axis=1), ((2, 2), (6, 6)))
        yield LabelledStrip(~ink, tuple((int(labels[i]), 7 + 22 * place, 27 + 22 * place) for place, i in enumerate(chosen)))


def evaluate_digits(papers: Iterator[LabelledStrip], reader: PageReader) -> DigitOutcomes:
    """Read the strips completely."""
    pairs = [pair for paper in papers for pair in _judged(paper, _read(paper, reader))]
    return DigitOutcomes(np.array([sure for sure, _ in pairs]), np.array([right for _, right in pairs], bool))


_REF = PageRef("strip", "", "")


def _read(paper: LabelledStrip, reader: PageReader) -> Reading | None:
    """Return the number on a strip; None where none was read."""
    readings = reader.read_strip(PageImage(paper.scan), _REF).readings
    return readings[0] if readings else None


def exactly_read(papers: Sequence[LabelledStrip], reader: PageReader) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return for each strip whether its number was read exactly, and the confidence; a strip without digits is read exactly if
    nothing was read."""
    readings = [_read(paper, reader) for paper in papers]
    right = [(reading.digits if reading else "") == paper.digits for reading, paper in zip(readings, papers, strict=True)]
    return np.array(right, bool), np.array([reading.confidence if reading else 0.0 for reading in readings])


def _judged(paper: LabelledStrip, reading: Reading | None) -> list[tuple[float, bool]]:
    """Return (confidence, right) of every digit that was read or missed."""
    parts = reading.parts if reading else ()
    answers = [(part.confidence, _stands_at(paper, int(part.digit), part.box), part.box) for part in parts if part.digit]
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
    """Result on strips: of all strips with a number the shares read exactly and with the right count of digits; of the digits in
    those of the right count the share read right; of the half with the highest confidence the share read wrong."""

    exact: float
    length: float
    digits: float
    wrong_in_surest_half: float


def evaluate_strips(papers: Sequence[LabelledStrip], reader: PageReader) -> StripScore:
    """Read strips with one number each (others are left out), and count."""
    sure, exact, length, right, digits = [], [], [], 0, 0
    for paper in (paper for paper in papers if paper.digits):
        reading = _read(paper, reader)
        text = reading.digits if reading else ""
        sure.append(reading.confidence if reading else 0.0)
        exact.append(text == paper.digits)
        length.append(len(text) == len(paper.digits))
        if length[-1]:
            right += sum(a == b for a, b in zip(text, paper.digits, strict=True))
            digits += len(text)
    surest = np.argsort(sure)[len(sure) // 2 :]
    return StripScore(
        float(np.mean(exact)), float(np.mean(length)), right / max(digits, 1), float(1 - np.mean(np.array(exact)[surest]))
    )
