"""Fusion: decides each number from the detections on the page and from the columns of its strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import DIGITS
from digit_core.inference.reader import Columns
from digit_core.numerics import log_odds, sigmoid, softmax
from digit_core.recognition.detections import Characters, text_of
from digit_core.recognition.transcription.ctc import Alignment, Floats, aligned, best_text, digits_only, log_likelihoods
from digit_core.recognition.transcription.digit_places import boxes_of
from digit_core.recognition.transcription.fusion_weights import MOST_MARGIN, FusionWeights, fusion_weights
from digit_core.recognition.transcription.marks import Asked, written
from digit_core.recognition.transcription.number_strip import Window

_SURER = 0.8
"""Probability that there is a character, from which a digit counts as certain in `surer`."""

_LEAST = 1e-12
"""Least probability from columns."""

_OTHERWISE = (0.15, 6.0)
"""Factors for the probability of no digit in the columns, to propose other texts."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundNumber:
    """A number as decided.

    boxes (n, 4) of its digits; evidence (n, 11): probabilities of the ten digits and of no digit, before any classifier;
    certainty: probability that these are its digits, none missing and none too many; printed: probability of print; text: as
    written, with its marks; seen: log likelihood by which its columns prefer these digits to none; marks: probability that its
    marks are these; second: the second reader's own reading, None where it was not asked; proposal: the input of the decision;
    alone: whether no other equally clear number is in its strip; margin: log likelihood by which the second reader prefers these
    digits to others, None where it was not asked.
    """

    boxes: NDArray[np.float32]
    evidence: NDArray[np.float32]
    certainty: float
    printed: float
    text: str
    seen: float
    marks: float = 1.0
    second: str | None = None
    proposal: Proposal | None = None
    alone: bool = True
    margin: float | None = None

    @property
    def confidence(self) -> float:
        """Return the probability that all of it is right, before any classifier; not calibrated."""
        return float(self.evidence[:, :DIGITS].max(axis=1).prod()) * self.certainty


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A strip that was cut around a number, and its columns."""

    window: Window
    columns: Columns

    @property
    def digits(self) -> Columns:
        """Return the columns reduced to digits (t, 11)."""
        return digits_only(self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Input of a decision: the detected digits and marks (boxes in pixels of the page), the strips, one per size, and the columns
    of the second reader, None where it was not asked."""

    digits: Characters
    marks: Characters
    strips: tuple[Seen, ...]
    second: Columns | None = None

    def voices(self, weights: FusionWeights) -> list[tuple[Columns, float]]:
        """Return the columns that score its digits, and the exponent of each."""
        if self.second is None:
            return [(seen.digits, weights.alone.read / len(self.strips)) for seen in self.strips]
        ours = [(seen.digits, weights.together.read / len(self.strips)) for seen in self.strips]
        return [*ours, (digits_only(self.second), weights.together.second)]

    @property
    def surer(self) -> Characters:
        """Return the digits detected with some certainty: specks and corners of rulings have low scores."""
        return self.digits.chosen(self.digits.scores >= _SURER)


def decided(proposals: Sequence[Proposal]) -> list[FoundNumber]:
    """Decide for each number the likeliest digits by page and columns together."""
    weights = fusion_weights()
    voices = [one.voices(weights) for one in proposals]
    texts = [_texts(one, [columns for columns, _ in own]) for one, own in zip(proposals, voices, strict=True)]
    by_voice = _log_likelihoods(voices, texts)
    likely = [each @ np.array([weight for _, weight in own]) for each, own in zip(by_voice, voices, strict=True)]
    chosen = [_choice(*row, weights) for row in zip(proposals, texts, likely, strict=True)]
    margins = [
        None if one.second is None else margin_of(choice.text, own, each[:, -1])
        for one, choice, own, each in zip(proposals, chosen, texts, by_voice, strict=True)
    ]
    spoken = [(columns, one.text) for one, own in zip(chosen, voices, strict=True) for columns, _ in own]
    laid = iter(aligned([columns for columns, _ in spoken], [text for _, text in spoken]))
    of_each = [list(islice(laid, len(own))) for own in voices]
    found = [_number(*row, weights) for row in zip(proposals, chosen, voices, of_each, strict=True)]
    return _with_marks(proposals, [replace(one, margin=margin) for one, margin in zip(found, margins, strict=True)])


def margin_of(text: str, texts: Sequence[str], likely: Floats) -> float:
    """Return the log likelihood by which a text is likelier than the best other proposed one; `likely` has one value per text."""
    others = [value for other, value in zip(texts, likely.tolist(), strict=True) if other and other != text]
    return float(likely[texts.index(text)] - max(others)) if others else MOST_MARGIN


def _with_marks(proposals: Sequence[Proposal], found: Sequence[FoundNumber]) -> list[FoundNumber]:
    """Add the marks among their digits to the numbers."""
    asked = [
        Asked(
            one.text,
            one.boxes,
            own.marks,
            tuple(seen.columns for seen in own.strips),
            own.strips[0].window.form.characters,
            own.second,
        )
        for own, one in zip(proposals, found, strict=True)
    ]
    return [replace(one, text=marked.text, marks=marked.sureness) for one, marked in zip(found, written(asked), strict=True)]


def _texts(one: Proposal, columns: Sequence[Floats]) -> list[str]:
    """Propose texts: all detected digits, and the more certain ones alone; the columns' best text, and their texts with more and
    with fewer digits."""
    read = [best_text(each, nothing) for nothing in (1.0, *_OTHERWISE) for each in columns]
    return [text_of(one.digits), text_of(one.surer), *read]


def _log_likelihoods(voices: Sequence[Sequence[tuple[Columns, float]]], texts: Sequence[Sequence[str]]) -> list[Floats]:
    """Return for each number (its texts, its voices) the scores of each text by each column set. Most texts are proposed more
    than once, but scored once."""
    pairs = sorted({(number, text) for number, own in enumerate(texts) for text in own})
    asked = [(columns, text) for number, text in pairs for columns, _ in voices[number]]
    scores = iter(log_likelihoods([columns for columns, _ in asked], [text for _, text in asked]).tolist())
    found = {(number, text): [next(scores) for _ in voices[number]] for number, text in pairs}
    return [np.array([found[number, text] for text in own]) for number, own in enumerate(texts)]


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    """The digits chosen for a number; source: indices of their detections, None if only the columns see as many; certainty: the
    share of this length among the lengths proposed."""

    text: str
    source: Characters | None
    certainty: float


def _choice(one: Proposal, texts: Sequence[str], likely: Floats, weights: FusionWeights) -> _Choice:
    """Choose the likeliest text of the detected length, unless one of another length is clearly likelier."""
    best: dict[int, int] = {}
    for i in np.argsort(-likely, kind="stable").tolist():
        best.setdefault(len(texts[i]), i)
    best.pop(0, None)  # there is a number: its digits were detected
    clearly = (weights.alone if one.second is None else weights.together).clearly
    found = {len(texts[i]): source for i, source in ((1, one.surer), (0, one.digits)) if texts[i]}
    shown = max(found, key=lambda length: likely[best[length]])
    read = max(best, key=lambda length: likely[best[length]])
    length = read if likely[best[read]] > likely[best[shown]] + clearly else shown
    source = found.get(length)
    certainty = _certainty(likely[list(best.values())], float(likely[best[length]]))
    return _Choice(texts[best[length]], None if source is None else source.left_to_right(), certainty)


def _certainty(likely: Floats, mine: float) -> float:
    """Return the share of a length among all proposed lengths, each weighted by its likeliest text."""
    return float(1 / np.exp(np.minimum(likely - mine, 50.0)).sum())


def _number(
    one: Proposal,
    choice: _Choice,
    voices: Sequence[tuple[Columns, float]],
    laid: Sequence[Alignment],
    weights: FusionWeights,
) -> FoundNumber:
    """Build the number with the combined evidence for each of its digits."""
    spoken = [weight * np.log(own.substitutes + _LEAST) for own, (_, weight) in zip(laid, voices, strict=True)]
    logs = np.sum(spoken, axis=0)
    if choice.source is None:
        boxes, present = _boxes_at(choice.text, laid[0].middles, one), np.full(len(choice.text), 0.5)
    else:
        boxes, present = choice.source.boxes, choice.source.scores.astype(np.float64)
        detected = (weights.alone if one.second is None else weights.together).detected
        logs = logs + detected * np.log(choice.source.probabilities[:, :DIGITS] + 1e-7)
    digits = softmax(logs)
    # whether a digit stands there is decided by the page, and by all columns together where they see as many
    present = present + (1 - present) * choice.certainty
    evidence = np.concatenate([digits * present[:, None], 1 - present[:, None]], axis=1).astype(np.float32)
    second = None if one.second is None else best_text(digits_only(one.second))
    seen = _seen(one, laid)
    return FoundNumber(boxes, evidence, choice.certainty, _printed(one.digits), choice.text, seen, 1.0, second, one)


def _seen(one: Proposal, laid: Sequence[Alignment]) -> float:
    """Return the log likelihood by which our strips prefer these digits to none, on average."""
    nothing = [np.log(np.maximum(seen.digits[:, 0], _LEAST)).sum() for seen in one.strips]
    return float(np.mean([own.log_likelihood - none for own, none in zip(laid, nothing, strict=False)]))


def _printed(digits: Characters) -> float:
    """Combine the odds of print of all digits, as a geometric mean."""
    shares = np.clip(digits.printed.astype(np.float64), 1e-4, 1 - 1e-4)
    return float(sigmoid(log_odds(shares).mean()))


def _boxes_at(text: str, middles: NDArray[np.float64], one: Proposal) -> NDArray[np.float32]:
    """Return boxes around the digits that only the columns see."""
    read = (best_text(seen.columns) for seen in one.strips)
    marked = next((own for own in read if "".join(filter(str.isdigit, own)) == text), text)
    return boxes_of(marked, one.digits, one.strips[0].window.at(middles))
