"""What a number is, from all that was said of it: by the cells of the page, and by the columns of its strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import DIGITS
from digit_core.inference.reader import Columns
from digit_core.recognition.ctc import Alignment, Floats, aligned, best_text, digits_only, log_likelihoods
from digit_core.recognition.detections import Characters, text_of
from digit_core.recognition.marks import Asked, written
from digit_core.recognition.number_strip import Window

_DETECTED, _READ = 0.16, 0.68
"""Exponents of what cells and what columns say of a digit when both are put together; fitted on written strips."""

_CLEARLY = 3.0
"""By how much (in log likelihood) a text must be better than the one that was found, to be taken although its length differs."""

_SURER = 0.8
"""Probability that there is a character, from which a digit is among the surer ones."""

_DOUBT = 0.53
"""Exponent of the doubt whether a number has as many digits as were read; fitted on written strips."""

_LEAST = 1e-12
"""Probability that columns give at least, whatever they say."""

_OTHERWISE = (0.15, 6.0)
"""How many times as likely as they say columns are taken to be without a digit, to see what else the number could be."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundNumber:
    """boxes (n, 4) of its digits; evidence (n, 11): probabilities of the ten digits and of no digit, before any classifier;
    certainty: probability that these are its digits, none missing and none too many; printed: probability of print;
    text: as written, with its marks; seen: by how much (in log likelihood) its columns rather say these digits than none; marks:
    probability that its marks are these.
    """

    boxes: NDArray[np.float32]
    evidence: NDArray[np.float32]
    certainty: float
    printed: float
    text: str
    seen: float
    marks: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A strip that was cut around a number, and its columns."""

    window: Window
    columns: Columns

    @property
    def digits(self) -> Columns:
        """The columns (t, 11) as those see them who ask for digits alone."""
        return digits_only(self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A number as found on the page, digits and marks (boxes in its pixels), and as seen in strips, of each size one."""

    digits: Characters
    marks: Characters
    strips: tuple[Seen, ...]

    @property
    def surer(self) -> Characters:
        """The digits that the page shows with some certainty: specks and corners of rulings are hardly seen as any."""
        return self.digits.chosen(self.digits.scores >= _SURER)


def decided(proposals: Sequence[Proposal]) -> list[FoundNumber]:
    """For each number the digits that page and columns together make likeliest."""
    sizes = len(proposals[0].strips)
    texts = [_texts(one) for one in proposals]
    likely = _log_likelihoods(proposals, texts)
    chosen = [_choice(row, values, sizes) for row, values in zip(texts, likely, strict=True)]
    finals = [(seen.digits, row[i]) for one, row, i in zip(proposals, texts, chosen, strict=True) for seen in one.strips]
    laid = aligned([columns for columns, _ in finals], [text for _, text in finals])
    of_each = [laid[i * sizes : (i + 1) * sizes] for i in range(len(proposals))]
    found = [_number(*row) for row in zip(proposals, texts, chosen, likely, of_each, strict=True)]
    return _with_marks(proposals, found)


def _with_marks(proposals: Sequence[Proposal], found: Sequence[FoundNumber]) -> list[FoundNumber]:
    """The numbers as written, with the marks among their digits."""
    asked = [
        Asked(one.text, one.boxes, own.marks, tuple(seen.columns for seen in own.strips), own.strips[0].window.form.characters)
        for own, one in zip(proposals, found, strict=True)
    ]
    return [replace(one, text=marked.text, marks=marked.sureness) for one, marked in zip(found, written(asked), strict=True)]


def _texts(one: Proposal) -> list[str]:
    """What is proposed: all that was found on the page, and its surer digits alone; what the columns of each size say, and what
    they would say with too many and with too few digits.
    """
    columns = [seen.digits for seen in one.strips]
    return [
        text_of(one.digits),
        text_of(one.surer),
        *(best_text(each, nothing) for nothing in (1.0, *_OTHERWISE) for each in columns),
    ]


def _log_likelihoods(proposals: Sequence[Proposal], texts: Sequence[Sequence[str]]) -> list[Floats]:
    """For each number (its texts,): every text against the columns of its strips, in their mean. Most texts are proposed more
    than once, and scored once.
    """
    pairs = sorted({(number, text) for number, own in enumerate(texts) for text in own})
    asked = [(seen.digits, text) for number, text in pairs for seen in proposals[number].strips]
    scores = log_likelihoods([columns for columns, _ in asked], [text for _, text in asked])
    found = dict(zip(pairs, scores.reshape(len(pairs), -1).mean(axis=1), strict=True))
    return [np.array([found[number, text] for text in own]) for number, own in enumerate(texts)]


def _agreed(laid: Sequence[Alignment]) -> Floats:
    """(digits, 10): the geometric mean of what the strips of a number say may stand in the place of each digit."""
    together = np.log(np.maximum([one.substitutes for one in laid], _LEAST)).mean(axis=0)
    powers = np.exp(together - together.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _seen(one: Proposal, laid: Sequence[Alignment]) -> float:
    """By how much the strips rather say these digits than none, in their mean."""
    nothing = [np.log(np.maximum(seen.digits[:, 0], _LEAST)).sum() for seen in one.strips]
    return float(np.mean([own.log_likelihood - none for own, none in zip(laid, nothing, strict=True)]))


def _choice(texts: Sequence[str], likely: NDArray[np.float64], sizes: int) -> int:
    """Which text: the likelier found one, unless one of the columns' own is of another length and clearly likelier."""
    found = 1 if texts[1] and likely[1] > likely[0] else 0
    read = 2 + int(np.argmax(likely[2 : 2 + sizes]))
    clearly = len(texts[read]) != len(texts[found]) and likely[read] > likely[found] + _CLEARLY
    return read if texts[read] and clearly else found


def _number(
    one: Proposal,
    texts: Sequence[str],
    choice: int,
    likely: NDArray[np.float64],
    laid: Sequence[Alignment],
) -> FoundNumber:
    count, read = len(texts[choice]), _agreed(laid)
    if choice > 1:
        boxes = _boxes_at(laid[0].middles, one)
        detected, scores = np.full((count, DIGITS), 1 / DIGITS), np.full(count, 0.5)
    else:
        source = (one.digits, one.surer)[choice].left_to_right()
        boxes, detected, scores = source.boxes, source.probabilities[:, :DIGITS] + 1e-7, source.scores
    both = np.power(detected, _DETECTED) * np.power(read + 1e-9, _READ)
    both = both / both.sum(axis=1, keepdims=True)
    evidence = np.concatenate([both * scores[:, None], 1 - scores[:, None]], axis=1).astype(np.float32)
    certainty = _certainty(texts, choice, likely)
    return FoundNumber(boxes, evidence, certainty, _printed(one.digits), texts[choice], _seen(one, laid))


def _printed(digits: Characters) -> float:
    """Of all the number's digits: their odds, in the geometric mean."""
    shares = np.clip(digits.printed.astype(np.float64), 1e-4, 1 - 1e-4)
    return float(1 / (1 + np.exp(-np.log(shares / (1 - shares)).mean())))


def _certainty(texts: Sequence[str], choice: int, likely: NDArray[np.float64]) -> float:
    """The share of the chosen length among the texts proposed, to the power that makes it as sure as it is right."""
    best = {len(text): max(v for t, v in zip(texts, likely, strict=True) if len(t) == len(text)) for text in texts}
    mine = best[len(texts[choice])]
    return float(sum(np.exp(min(50.0, value - mine)) for value in best.values()) ** -_DOUBT)


def _boxes_at(middles: NDArray[np.float64], one: Proposal) -> NDArray[np.float32]:
    """Boxes around the digits that only the columns see: halfway to their neighbours, as high as what was found."""
    window, found = one.strips[0].window, one.digits.boxes
    x = window.at(middles)
    top, bottom = found[:, 1].min(), found[:, 3].max()
    edges = np.concatenate([[found[:, 0].min()], (x[1:] + x[:-1]) / 2, [found[:, 2].max()]])
    edges = np.maximum.accumulate(edges)
    rows = [(edges[i], top, max(edges[i + 1], edges[i] + 1), bottom) for i in range(len(x))]
    return np.array(rows, np.float32).reshape(-1, 4)
