"""Scores of a number set: whole numbers, digits, confidences and states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from digit_core.calibration.binomial import upper_bound

SUREST = (90, 70, 50, 30)
"""Percentages of the numbers, highest confidence first, among which the wrong ones are counted."""

CERTAINTY = 0.95
"""Certainty of the bound on the share of wrong numbers among the accepted."""

_BINS = 10
_MOST_CONFUSED = 12


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number of a set: true digits and text, the reading, its confidence, and whether it was accepted."""

    digits: str
    text: str
    read_digits: str
    read_text: str
    confidence: float
    accepted: bool

    @property
    def right(self) -> bool:
        """Tell whether all its digits were read, and no others."""
        return self.read_digits == self.digits


@dataclass(frozen=True, slots=True)
class SetScore:
    """Figures of a set, or of several together. Shares are of 1.

    exact: numbers whose digits were all read and no others; exact_text: and all marks; digits: 1 minus the edits per digit.
    wrong_in_surest: by per cent. accepted, accepted_wrong: counts; wrong_at_most: upper bound on their share with a certainty of
    95 %, None where none was accepted. calibration_error: the mean distance between confidence and share of right numbers over
    ten bins of equal width (Guo et al., "On calibration of modern neural networks", ICML 2017). confusions: digit, what was read
    for it ("" for nothing), and how often; an extra digit is ("", digit, count).
    """

    name: str
    numbers: int
    exact: float
    exact_text: float
    digits: float
    wrong_in_surest: dict[int, float]
    accepted: int
    accepted_wrong: int
    wrong_at_most: float | None
    calibration_error: float
    confusions: tuple[tuple[str, str, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary for JSON."""
        names = [name for name in self.__slots__ if name not in ("wrong_in_surest", "confusions")]
        surest = {str(share): wrong for share, wrong in self.wrong_in_surest.items()}
        return {name: getattr(self, name) for name in names} | {
            "wrong_in_surest": surest,
            "confusions": [{"digit": digit, "read": read, "count": count} for digit, read, count in self.confusions],
        }


def score_set(name: str, numbers: Sequence[ReadNumber]) -> SetScore:
    """Compute the figures of at least one number."""
    right = np.array([number.right for number in numbers])
    sure = np.array([number.confidence for number in numbers])
    accepted = np.array([number.accepted for number in numbers])
    wrong = int((accepted & ~right).sum())
    edits = [edited(number.digits, number.read_digits) for number in numbers]
    confused = Counter(pair for pairs in edits for pair in pairs)
    return SetScore(
        name,
        len(numbers),
        float(right.mean()),
        float(np.mean([number.read_text == number.text for number in numbers])),
        1 - sum(map(len, edits)) / max(1, sum(len(number.digits) for number in numbers)),
        {share: _wrong_in_surest(share, sure, right) for share in SUREST},
        int(accepted.sum()),
        wrong,
        upper_bound(wrong, int(accepted.sum()), 1 - CERTAINTY) if accepted.any() else None,
        _calibration_error(sure, right),
        tuple((digit, read, count) for (digit, read), count in confused.most_common(_MOST_CONFUSED)),
    )


def _wrong_in_surest(per_cent: int, sure: np.ndarray, right: np.ndarray) -> float:
    count = max(1, round(len(sure) * per_cent / 100))
    return float(1 - right[np.argsort(-sure, kind="stable")[:count]].mean())


def _calibration_error(sure: np.ndarray, right: np.ndarray) -> float:
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [abs(sure[bins == bin_].sum() - right[bins == bin_].sum()) for bin_ in range(_BINS)]
    return float(sum(gaps) / len(sure))


def edited(true: str, read: str) -> list[tuple[str, str]]:
    """Return the fewest edits that turn one text into the other: (character, what was read for it), "" for none.

    Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals" (1966).
    """
    costs = np.zeros((len(true) + 1, len(read) + 1), int)
    costs[:, 0], costs[0] = range(len(true) + 1), range(len(read) + 1)
    for i, one in enumerate(true, 1):
        for j, other in enumerate(read, 1):
            costs[i, j] = min(costs[i - 1, j - 1] + (one != other), costs[i - 1, j] + 1, costs[i, j - 1] + 1)
    i, j, edits = len(true), len(read), []
    while i or j:
        if i and j and costs[i, j] == costs[i - 1, j - 1] + (true[i - 1] != read[j - 1]):
            i, j, edit = i - 1, j - 1, (true[i - 1], read[j - 1])
        elif i and costs[i, j] == costs[i - 1, j] + 1:
            i, edit = i - 1, (true[i - 1], "")
        else:
            j, edit = j - 1, ("", read[j - 1])
        if edit[0] != edit[1]:
            edits.append(edit)
    return edits[::-1]
