"""Calibration record of a model: its confidences on held-out digits, from which the error dial is computed.

It is stored in the metadata of the model's ONNX file, so model and record are one artifact under one hash.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import RegistryError
from digit_core.params import CalibrationSet


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationRecord:
    """Answers of a model on held-out digits, highest confidence first.

    doubts: (n,) float16 ascending, 1 - confidence, rounded up. right: (n,) bool, whether the answer was right.
    """

    doubts: NDArray[np.float16]
    right: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.doubts.shape != self.right.shape or self.doubts.ndim != 1:
            raise ValueError(f"as many answers as doubts are needed, not {self.right.shape} and {self.doubts.shape}")
        if not (np.all(self.doubts >= 0) and np.all(self.doubts <= 1) and np.all(np.diff(self.doubts) >= 0)):
            raise ValueError("doubts must ascend from 0 to 1")

    @classmethod
    def of(cls, confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> Self:
        """Build the record from confidences (n,) in [0, 1] in any order."""
        doubts = _rounded_up(1 - confidences.astype(np.float64))
        order = np.argsort(doubts, kind="stable")
        return cls(doubts[order], right[order])

    @property
    def digits(self) -> int:
        return len(self.doubts)

    def counts(self, doubts: NDArray[np.float16]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count for each of these doubt limits the accepted digits, whose doubt is at most the limit, and the wrong ones among
        them."""
        accepted = np.searchsorted(self.doubts, doubts, side="right").astype(np.int64)
        return accepted, np.append(0, np.cumsum(~self.right))[accepted]

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, about 3 bytes per digit."""
        packed = np.packbits(self.right).tobytes()
        return {"digits": self.digits, "doubts": _text(self.doubts.astype("<f2").tobytes()), "right": _text(packed)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Parse the fields that `to_json` wrote. Raises KeyError, TypeError or ValueError for others."""
        doubts = np.frombuffer(base64.b64decode(fields["doubts"], validate=True), "<f2").astype(np.float16)
        bits = np.frombuffer(base64.b64decode(fields["right"], validate=True), np.uint8)
        return cls(doubts, np.unpackbits(bits, count=int(fields["digits"])).astype(bool))


def write_records(records: Mapping[CalibrationSet, CalibrationRecord]) -> str:
    """Format records as text for the metadata of a model."""
    return json.dumps({ink.value: record.to_json() for ink, record in records.items()}, separators=(",", ":"))


def read_records(text: str) -> dict[CalibrationSet, CalibrationRecord]:
    """Parse the text that `write_records` wrote. Raises RegistryError for other text."""
    try:
        return {CalibrationSet(ink): CalibrationRecord.from_json(fields) for ink, fields in json.loads(text).items()}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise RegistryError(f"the model's calibration record is damaged ({error}); train the model again") from error


def _rounded_up(doubts: NDArray[np.float64]) -> NDArray[np.float16]:
    """Round up, so that a float16 limit accepts the same digits before and after rounding."""
    nearest = doubts.astype(np.float16)
    return np.where(nearest < doubts, np.nextafter(nearest, np.float16(2)), nearest).astype(np.float16)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
