"""What a number is, from all that was said of it: by the cells of the page, by the cells of its strip, and by its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.characters import Characters, text_of
from digit_core.columns import Scored, best_text, stacked
from digit_core.reader import Columns
from digit_core.reader_form import CHARACTERS, COLUMN, DIGITS
from digit_core.windows import Window

_DETECTED, _READ = 0.27, 0.45
"""Exponents of what cells and what columns say of a digit when both are put together; fitted on written strips."""

_CLEARLY = 1.5
"""By how much (in log likelihood) a text must be better than the one that was found, to be taken although its length differs."""

_DOUBT = 0.62
"""Exponent of the doubt whether a number has as many digits as were read; fitted on written strips."""

_OTHERWISE = (0.15, 6.0)
"""How many times as likely as they say columns are taken to be without a digit, to see what else the number could be."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundNumber:
    """boxes (n, 4) of its digits; evidence (n, 11): probabilities of the ten digits and of no digit, before any classifier;
    certainty: probability that these are its digits, none missing and none too many; printed: probability of print;
    text: as written, with points and dashes; seen: by how much (in log likelihood) its columns rather say these digits than
    none.
    """

    boxes: NDArray[np.float32]
    evidence: NDArray[np.float32]
    certainty: float
    printed: float
    text: str
    seen: float


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What was found on the page (boxes in its pixels) and in the strip (boxes in the strip's), and the strip's columns."""

    on_page: Characters
    in_strip: Characters
    columns: Columns
    window: Window
    marks: Characters


def decided(proposals: Sequence[Proposal]) -> list[FoundNumber]:
    """For each number the digits that page, strip and columns together make likeliest."""
    columns = stacked([one.columns for one in proposals])
    texts = [_texts(one) for one in proposals]
    likely = np.stack([Scored(columns, [row[i] for row in texts]).log_likelihoods for i in range(len(texts[0]))], axis=1)
    chosen = [_choice(row, values) for row, values in zip(texts, likely, strict=True)]
    final = Scored(columns, [row[i] for row, i in zip(texts, chosen, strict=True)])
    substitutes, middles = final.substitutes(), final.middles()
    seen = final.log_likelihoods - np.log(columns[..., 0]).sum(axis=1)
    return [_number(*row) for row in zip(proposals, texts, chosen, likely, substitutes, middles, seen, strict=True)]


def _texts(one: Proposal) -> list[str]:
    """What is proposed: on the page, in the strip, by the columns; and by the columns read with too many and too few digits."""
    return [text_of(one.on_page), text_of(one.in_strip), *(best_text(one.columns, nothing) for nothing in (1.0, *_OTHERWISE))]


def _choice(texts: Sequence[str], likely: NDArray[np.float64]) -> int:
    """Which of the first three texts: a found one, unless the columns' own text is clearly likelier."""
    best = 1 if texts[1] and likely[1] >= likely[0] else 0
    if len(texts[2]) != len(texts[best]) and texts[2] and likely[2] > likely[best] + _CLEARLY:
        return 2
    return best


def _number(
    one: Proposal,
    texts: Sequence[str],
    choice: int,
    likely: NDArray[np.float64],
    substitutes: NDArray[np.float64],
    middles: NDArray[np.float64],
    seen: float,
) -> FoundNumber:
    count = len(texts[choice])
    read = substitutes[:count]
    if choice == 2:
        boxes, detected, scores = _boxes_at(middles[:count], one), np.full((count, DIGITS), 1 / DIGITS), np.full(count, 0.5)
    else:
        source = (one.on_page, one.in_strip)[choice].left_to_right()
        boxes = source.boxes if choice == 0 else one.window.to_page(source.boxes)
        detected = source.probabilities[:, :DIGITS] + 1e-7
        scores = source.scores
    both = np.power(detected, _DETECTED) * np.power(read + 1e-9, _READ)
    both = both / both.sum(axis=1, keepdims=True)
    evidence = np.concatenate([both * scores[:, None], 1 - scores[:, None]], axis=1).astype(np.float32)
    written, certainty = _as_written(boxes, texts[choice], one.marks), _certainty(texts, choice, likely)
    return FoundNumber(boxes, evidence, certainty, _printed(one), written, float(seen))


def _printed(one: Proposal) -> float:
    """Of all the number's digits, as seen on the page and again in the strip: their odds, in the geometric mean."""
    shares = np.clip(np.concatenate([one.on_page.printed, one.in_strip.printed]).astype(np.float64), 1e-4, 1 - 1e-4)
    return float(1 / (1 + np.exp(-np.log(shares / (1 - shares)).mean())))


def _certainty(texts: Sequence[str], choice: int, likely: NDArray[np.float64]) -> float:
    """The share of the chosen length among the texts proposed, to the power that makes it as sure as it is right."""
    best = {len(text): max(v for t, v in zip(texts, likely, strict=True) if len(t) == len(text)) for text in texts}
    mine = best[len(texts[choice])]
    return float(sum(np.exp(min(50.0, value - mine)) for value in best.values()) ** -_DOUBT)


def _boxes_at(middles: NDArray[np.float64], one: Proposal) -> NDArray[np.float32]:
    """Boxes around the digits that only the columns see: halfway to their neighbours, as high as what was found."""
    x = (middles + 0.5) * COLUMN / one.window.scale + one.window.x
    top, bottom = one.on_page.boxes[:, 1].min(), one.on_page.boxes[:, 3].max()
    edges = np.concatenate([[one.on_page.boxes[:, 0].min()], (x[1:] + x[:-1]) / 2, [one.on_page.boxes[:, 2].max()]])
    edges = np.maximum.accumulate(edges)
    rows = [(edges[i], top, max(edges[i + 1], edges[i] + 1), bottom) for i in range(len(x))]
    return np.array(rows, np.float32).reshape(-1, 4)


def _as_written(boxes: NDArray[np.float32], digits: str, marks: Characters) -> str:
    characters_ = [((box[0] + box[2]) / 2, digit) for box, digit in zip(boxes, digits, strict=True)]
    characters_ += [((box[0] + box[2]) / 2, CHARACTERS[i]) for box, i in zip(marks.boxes, marks.best, strict=True)]
    return "".join(character for _, character in sorted(characters_))
