"""Examination of networks on number sets: each number through detector, strip reader and classifier, as in service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from digit_core.evaluation.classifier_metrics import accuracy
from digit_core.evaluation.set_score import ReadNumber, SetScore, score_set
from digit_core.inference.classifier import Recogniser
from digit_core.inference.reader import Reader
from digit_core.readings import State, one_number
from digit_core.recognition.pipeline import PageReader
from digit_core.records import PageImage, PageRef
from digit_core.synthesis.stroke_figures import plainly_drawn
from digit_core.training.classifier.real_digits import digits_of
from digit_core.training.number_sets import DEV, MEASURE, LabelledNumber, NumberSet, in_alphabet

_SAMPLE = 400


@dataclass(frozen=True, slots=True)
class SetFigures:
    """Figures of one set, for a card: never_seen if no row of the collection was trained on, else only other rows were."""

    name: str
    licence: str
    source: str
    sha256: str
    split: str
    never_seen: bool
    numbers: int
    exact: float
    digits: float
    wrong_in_surest_half: float

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary for JSON, figures rounded."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def examine_set(one: NumberSet, learned: bool, pages: PageReader) -> SetFigures | None:
    """Compute the figures of a set's dev rows, or of its measure rows; a random sample of at most 400. None where it has
    neither."""
    split, rows = rows_to_examine(one)
    return _figures(one, split, not learned, score_set(one.name, read_numbers(rows, pages))) if rows else None


@dataclass(frozen=True, slots=True)
class DigitFigures:
    """How many digits of rows that were not trained on a classifier gets right; learned: other rows of the set were."""

    name: str
    learned: bool
    digits: int
    accuracy: float


def examine_digits(one: NumberSet, learned: bool, reader: Reader, classifier: Recogniser) -> DigitFigures | None:
    """Classify the digits of a set's dev or measure rows, each seen alone. None where it has no such row or no digit is found."""
    images, labels = digits_of(rows_to_examine(one)[1], reader, np.random.default_rng(0))
    if not len(labels):
        return None
    return DigitFigures(one.name, learned, len(labels), round(accuracy(classifier(images), labels), 4))


def rows_to_examine(one: NumberSet) -> tuple[str, list[LabelledNumber]]:
    """Return a set's dev rows, or its measure rows, and which they are; a random sample of at most 400."""
    split = DEV if one.of(DEV) else MEASURE
    rows = one.of(split)
    return split, [rows[i] for i in sorted(np.random.default_rng(0).permutation(len(rows))[:_SAMPLE])]


def _figures(one: NumberSet, split: str, never_seen: bool, score: SetScore) -> SetFigures:
    wrong = score.wrong_in_surest[50]
    terms = one.licence, one.source, one.sha256
    return SetFigures(one.name, *terms, split, never_seen, score.numbers, score.exact, score.digits, wrong)


def read_numbers(rows: Sequence[LabelledNumber], pages: PageReader) -> list[ReadNumber]:
    """Read each row as these networks do in service."""
    return [_read(row, pages) for row in rows]


def _read(row: LabelledNumber, pages: PageReader) -> ReadNumber:
    image = PageImage(row.pixels() if row.strokes is None else plainly_drawn(row.strokes))
    one = one_number(pages.read_strip(image, PageRef("", "", "")))
    accepted = one.state is State.ACCEPTED
    return ReadNumber(row.digits, row.text, one.digits, in_alphabet(one.text), one.confidence, accepted)
