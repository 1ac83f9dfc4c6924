"""The digit classifier: crops -> class probabilities, by ONNX Runtime. A Protocol, so that tests can pass a function."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.record import CalibrationRecord, read_records
from digit_core.calibration.temperature import tempered
from digit_core.errors import RegistryError
from digit_core.inference.onnx import onnx_session
from digit_core.params import CalibrationSet
from digit_core.records import Crops

SHIPPED_MODEL = Path(__file__).parents[1] / "model" / "digits.onnx"
SHIPPED_CARD = Path(__file__).parents[1] / "model" / "card.json"

CALIBRATION = "calibration"
"""Key of the calibration records in a model file's metadata, as digit_core.calibration.record writes them."""

_BATCH = 256  # as fast as larger ones, and its activations stay in the cache


class Recogniser(Protocol):
    """Any digit classifier: crops (n, 28, 28) uint8 -> calibrated probabilities (n, 11) float32, rows sum to 1."""

    @property
    def version(self) -> str: ...

    def __call__(self, crops: Crops) -> NDArray[np.float32]: ...


class OnnxRecogniser:
    """A classifier from an exported ONNX file: pixels in [0, 1] in, probabilities out, temperature in its metadata.

    Raises RegistryError if the file is no such model.
    """

    def __init__(self, path: Path, version: str) -> None:
        self._session = onnx_session(path)
        self._input = self._session.get_inputs()[0].name
        facts = self._session.get_modelmeta().custom_metadata_map
        self._temperature = _temperature(facts.get("temperature", "1"), path)
        self._version = version
        _check_answers(self._answers_to_blank(path), path)

    def _answers_to_blank(self, path: Path) -> NDArray[np.float32]:
        try:
            return np.asarray(self._classify(np.zeros((2, 28, 28), np.uint8)))
        except Exception as error:  # ONNX Runtime's errors have no other base
            raise _no_classifier(path, f"it does not take pictures of 28 x 28 ({str(error).splitlines()[0]})") from error

    @property
    def version(self) -> str:
        return self._version

    @property
    def temperature(self) -> float:
        """Return the temperature that calibrates the network's probabilities."""
        return self._temperature

    def __call__(self, crops: Crops) -> NDArray[np.float32]:
        rows = [self._classify(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        return np.concatenate(rows) if rows else np.empty((0, 11), np.float32)

    def _classify(self, crops: Crops) -> NDArray[np.float32]:
        pixels = crops[..., np.newaxis].astype(np.float32) / 255
        (probabilities,) = self._session.run(None, {self._input: pixels})
        return tempered(probabilities, self._temperature)


def _temperature(text: str, path: Path) -> float:
    """Parse the temperature. Raises RegistryError for an invalid one."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise _no_classifier(path, f"its temperature is {text[:40]!r}, and should be a number above 0")
    return value


def _check_answers(answers: NDArray[np.float32], path: Path) -> None:
    if answers.shape != (2, 11):
        raise _no_classifier(path, f"its answers to 2 pictures have the shape {answers.shape}, and should have (2, 11)")
    if not (np.isfinite(answers).all() and np.allclose(answers.sum(axis=1), 1, atol=0.01)):
        raise _no_classifier(path, "its answers are not probabilities")


def _no_classifier(path: Path, what: str) -> RegistryError:
    return RegistryError(
        f"{path} is not a digit classifier: {what}; register another one, or undo the promotion with `digits rollback`"
    )


def calibration_of(path: Path) -> dict[CalibrationSet, CalibrationRecord]:
    """Read the calibration records in a model file. Raises RegistryError if the file is no model, or has none."""
    text = onnx_session(path).get_modelmeta().custom_metadata_map.get(CALIBRATION)
    if text is None:
        raise RegistryError(
            f"{path} has no calibration record, so no error can be guaranteed: give a threshold instead, or train the model "
            "again with `digits train`"
        )
    return read_records(text)
