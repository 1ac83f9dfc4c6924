"""Weights of the fusion and calibration of its confidence, fitted on real collections.

They are stored in digit_core/model/fusion.json, written by tests/benchmarks/fit_fusion.py, which fits them so that no collection
is judged with weights fitted on it, and records the sets and networks used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any, Self

from digit_core.calibration.record import CalibrationRecord
from digit_core.errors import RegistryError
from digit_core.inference.shipped import SHIPPED_READER

SHIPPED_WEIGHTS = SHIPPED_READER / "fusion.json"

_LEAST = 1e-9
"""Least doubt of a confidence before calibration, so that its odds are finite."""


class Heard(StrEnum):
    """Readings that a number's confidence is based on."""

    ALONE = "alone"  # the second reader was not asked
    TOGETHER = "together"  # it was asked


MOST_MARGIN = 10.0
"""Greatest log likelihood by which the second reader prefers these digits to others: a larger one adds nothing."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration: log odds of being right = slope x log odds of the voices + margin x the second reader's margin + length x the
    logarithm of the number of digits + offset (after Platt, "Probabilistic outputs for support vector machines", 1999).

    The voices multiply their doubts digit by digit as if digits erred independently; long numbers are better than that.
    """

    slope: float
    offset: float
    margin: float = 0.0
    length: float = 0.0

    def __call__(self, confidence: float, digits: int = 1, margin: float = 0.0) -> float:
        doubt = min(max(1 - confidence, _LEAST), 1 - _LEAST)
        odds = self.slope * log((1 - doubt) / doubt) + self.margin * margin + self.length * log(max(digits, 1)) + self.offset
        return 1 / (1 + exp(-odds))


@dataclass(frozen=True, slots=True)
class Voices:
    """Exponents of the voices in the decision of a number, a logarithmic opinion pool (Genest, Zidek, Statistical Science 1986).

    detected: of the detections' class probabilities; read: of our strip reader's columns; second: of the second reader's.
    clearly: weighted log likelihood by which a text of another length must be better than the detected one.
    """

    detected: float
    read: float
    second: float
    clearly: float


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weights: alone, together: the voices where the second reader was not asked, and where it was. classifier: exponent of the
    digit classifier, which sees each digit by itself. calibration: of the resulting confidence."""

    alone: Voices
    together: Voices
    classifier: float
    calibration: Mapping[Heard, Calibration]

    def calibrated(self, confidence: float, digits: int, margin: float | None) -> float:
        """Return the calibrated probability that a number of so many digits is right, from the voices' confidence.

        margin: log likelihood by which the second reader prefers these digits to the best others proposed, below 0 where it
        prefers others; None where it was not asked.
        """
        if margin is None:
            return self.calibration[Heard.ALONE](confidence, digits)
        return self.calibration[Heard.TOGETHER](confidence, digits, max(-MOST_MARGIN, min(MOST_MARGIN, margin)))

    def to_json(self) -> dict[str, Any]:
        calibration = {heard.value: asdict(one) for heard, one in self.calibration.items()}
        return {
            "alone": asdict(self.alone),
            "together": asdict(self.together),
            "classifier": self.classifier,
            "calibration": calibration,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Parse what `to_json` wrote. Raises KeyError or TypeError for anything else."""
        calibration = {heard: Calibration(**values["calibration"][heard.value]) for heard in Heard}
        return cls(Voices(**values["alone"]), Voices(**values["together"]), float(values["classifier"]), calibration)


@dataclass(frozen=True, slots=True, eq=False)
class RealRecord:
    """Calibration record of all readers together on real collections. sets: their names; networks: SHA-256 of the networks that
    read them, by file name."""

    record: CalibrationRecord
    sets: tuple[str, ...]
    networks: Mapping[str, str]


def real_record(path: Path = SHIPPED_WEIGHTS) -> RealRecord:
    """Load the record beside the weights. Raises RegistryError where the file has none."""
    try:
        values = json.loads(path.read_text("utf-8"))
        origin, record = values["origin"], CalibrationRecord.from_json(values["record"])
        return RealRecord(record, tuple(origin["sets"]), dict(origin["networks"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RegistryError(f"{path} has no record of real collections ({error}): reinstall the package") from error


@cache
def fusion_weights(path: Path = SHIPPED_WEIGHTS) -> FusionWeights:
    """Load the weights from a file. Raises RegistryError for one without weights."""
    try:
        return FusionWeights.from_json(json.loads(path.read_text("utf-8"))["weights"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RegistryError(f"{path} has no weights of the readers ({error}): reinstall the package") from error
