"""Drift: do a batch's confidences and digits still look like the model's validation and the past?

Distributions are compared by the population stability index, sum((a - b) * ln(a / b)) over the bins: below 0.1 nothing has
changed, above 0.25 much has. What chance alone gives is subtracted, so that a small batch raises no alarm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from digit_core.calibration.record import CalibrationRecord

EDGES = (0.5, 0.8, 0.9, 0.97, 0.99, 0.999)
"""Limits between the bins of confidence."""

_SURE = 0.97
_VALIDATION = "the model's validation"

ALARM = 0.25
FEWEST = 500
"""Least number of digits for a comparison."""

_DIGITS = [str(digit) for digit in range(10)]
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Distribution:
    """Distribution of the digits of some pages: counts by confidence (bins between EDGES) and by digit 0 to 9.

    `accepted` counts the digits that are not in review, `doubt` is the sum of 1 - confidence over them: the expected number of
    wrong ones if the calibration holds.
    """

    confidences: tuple[int, ...] = (0,) * (len(EDGES) + 1)
    digits: tuple[int, ...] = (0,) * 10
    accepted: int = 0
    doubt: float = 0.0

    def __add__(self, other: Distribution) -> Distribution:
        return Distribution(
            tuple(map(sum, zip(self.confidences, other.confidences, strict=True))),
            tuple(map(sum, zip(self.digits, other.digits, strict=True))),
            self.accepted + other.accepted,
            self.doubt + other.doubt,
        )

    def __bool__(self) -> bool:
        return any(self.confidences)

    def to_json(self) -> dict[str, Any]:
        """Convert to small, flat JSON for a manifest."""
        doubt = round(self.doubt * _MILLION)
        return {"confidences": self.confidences, "digits": self.digits, "accepted": self.accepted, "doubt_millionths": doubt}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Parse the JSON; a manifest of an earlier version has none and gives the empty distribution."""
        if not values or len(values["confidences"]) != len(EDGES) + 1:
            return cls()
        counts = (*values["confidences"], *values["digits"], values["accepted"], values["doubt_millionths"])
        if len(values["digits"]) != 10 or not all(type(count) is int and 0 <= count <= 2**53 for count in counts):
            raise ValueError("its shape has an invalid count")
        doubt = values["doubt_millionths"] / _MILLION
        return cls(tuple(values["confidences"]), tuple(values["digits"]), values["accepted"], doubt)


def shape_of(digits: pa.Table) -> Distribution:
    """Compute the distribution of rows of the table `digits`; non-digits are left out."""
    rows = digits.filter(pc.is_in(digits["digit"], pa.array(_DIGITS)))
    confidences = rows["confidence"].to_numpy().astype(np.float64)
    labels = np.array([int(one) for one in rows["digit"].to_pylist()], np.int64)
    accepted = confidences[rows["state"].to_numpy() == "accepted"]
    return Distribution(
        _binned(confidences),
        tuple(np.bincount(labels, minlength=10).tolist()),
        len(accepted),
        float((1 - accepted).sum()),
    )


def validation_shape(record: CalibrationRecord) -> Distribution:
    """Return the distribution of the model's confidences on held-out digits."""
    return Distribution(_binned(1 - record.doubts.astype(np.float64)))


def _binned(confidences: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(np.bincount(np.searchsorted(EDGES, confidences, side="right"), minlength=len(EDGES) + 1).tolist())


def stability(batch: Sequence[int], reference: Sequence[int]) -> float:
    """Return the population stability index of two histograms, minus what chance gives for histograms of their sizes."""
    a, b = (np.array(counts, float) for counts in (batch, reference))
    chance = float((len(a) - 1) * (1 / a.sum() + 1 / b.sum()))
    a, b = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (a, b))
    index = float(((a - b) * np.log(a / b)).sum())
    return max(0.0, index - chance)


@dataclass(frozen=True, slots=True)
class Drift:
    """One comparison: `what` (confidence or digits) of a batch with `reference`, and the conspicuous change.

    `harmless`: the batch is easier than the validation, so that the guarantee holds all the more.
    """

    what: str
    reference: str
    index: float
    words: str
    harmless: bool = False

    @property
    def alarming(self) -> bool:
        return self.index > ALARM and not self.harmless

    def __str__(self) -> str:
        return f"{self.what} against {self.reference}: index {self.index:.2f} (alarm above {ALARM}); {self.words}"


def drifts(batch: Distribution, history: Distribution, validation: Distribution) -> list[Drift]:
    """Return every comparison for which there are enough digits, alarming or not."""
    pairs = (
        ("confidence", _VALIDATION, batch.confidences, validation.confidences, _confidence_words),
        ("confidence", "the collection so far", batch.confidences, history.confidences, _confidence_words),
        ("digit shares", "the collection so far", batch.digits, history.digits, _digit_words),
    )
    return [
        Drift(what, reference, stability(now, then), words(now, then), reference == _VALIDATION and _doubt(now) <= _doubt(then))
        for what, reference, now, then, words in pairs
        if sum(now) >= FEWEST and sum(then) >= FEWEST
    ]


def _confidence_words(now: Sequence[int], then: Sequence[int]) -> str:
    return f"{_doubt(now):.1%} of the digits below {_SURE}, {_doubt(then):.1%} there"


def _doubt(counts: Sequence[int]) -> float:
    """Return the share of the confidences below _SURE."""
    return sum(counts[: EDGES.index(_SURE) + 1]) / sum(counts)


def _digit_words(now: Sequence[int], then: Sequence[int]) -> str:
    shares = [[count / sum(counts) for count in counts] for counts in (now, then)]
    digit = max(range(10), key=lambda digit: abs(shares[0][digit] - shares[1][digit]))
    return f"{shares[0][digit]:.1%} are a {digit}, {shares[1][digit]:.1%} there"
