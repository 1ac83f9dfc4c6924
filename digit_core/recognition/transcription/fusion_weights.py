"""What each voice weighs when a number is decided, and what the joint confidence is worth: fitted on real collections.

The numbers stand in digit_core/model/fusion.json, written by tests/benchmarks/fit_fusion.py, which fits them so that none is
judged on the collection that it was fitted on, and notes the sets and networks that they come from.
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
"""Doubt that every confidence has at least before it is calibrated, so that its odds are finite."""


class Heard(StrEnum):
    """Which readers a number's confidence rests on."""

    ALONE = "alone"  # the second reader was not asked
    TOGETHER = "together"  # it was


MOST_MARGIN = 10.0
"""Log likelihood by which the second reader rather sees these digits than others, at most: beyond it nothing is learned."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log odds of being right = slope x log odds of what the voices say + margin x the second reader's margin + length x the
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

    detected: of what the cells of the page say of a digit; read: of our strip reader's columns; second: of the second reader's.
    clearly: by how much (in weighted log likelihood) a text of another length must be better than the one found on the page.
    """

    detected: float
    read: float
    second: float
    clearly: float


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """alone, together: the voices where the second reader was not asked, and where it was. classifier: exponent of the digit
    classifier, which sees each digit by itself. calibration: what the confidence that they reach is worth.
    """

    alone: Voices
    together: Voices
    classifier: float
    calibration: Mapping[Heard, Calibration]

    def calibrated(self, confidence: float, digits: int, margin: float | None) -> float:
        """How probable it is that a number of so many digits is right of which the voices together say so.

        margin: by how much (log likelihood) the second reader rather sees these digits than the best others that were proposed,
        below 0 where it sees others; None where it was not asked.
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
        """Raises KeyError or TypeError for what `to_json` did not write."""
        calibration = {heard: Calibration(**values["calibration"][heard.value]) for heard in Heard}
        return cls(Voices(**values["alone"]), Voices(**values["together"]), float(values["classifier"]), calibration)


@dataclass(frozen=True, slots=True, eq=False)
class RealRecord:
    """What the confidence of all readers together was worth on digits of real collections. sets: their names; networks: SHA-256
    of the networks that read them, by the name of each file.
    """

    record: CalibrationRecord
    sets: tuple[str, ...]
    networks: Mapping[str, str]


def real_record(path: Path = SHIPPED_WEIGHTS) -> RealRecord:
    """The record beside the weights. Raises RegistryError where the file holds none."""
    try:
        values = json.loads(path.read_text("utf-8"))
        origin, record = values["origin"], CalibrationRecord.from_json(values["record"])
        return RealRecord(record, tuple(origin["sets"]), dict(origin["networks"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RegistryError(f"{path} has no record of real collections ({error}): reinstall the package") from error


@cache
def fusion_weights(path: Path = SHIPPED_WEIGHTS) -> FusionWeights:
    """The weights of a file. Raises RegistryError for one that does not hold them."""
    try:
        return FusionWeights.from_json(json.loads(path.read_text("utf-8"))["weights"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RegistryError(f"{path} has no weights of the readers ({error}): reinstall the package") from error
