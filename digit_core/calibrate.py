"""Writing a calibration record into a model file, from digits that the model never learned."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from digit_core.augment import archive_digits
from digit_core.calibration import CalibrationRecord, record_of, write_records
from digit_core.mnist import Labelled
from digit_core.params import Ink
from digit_core.recogniser import CALIBRATION, OnnxRecogniser, Recogniser

_SEED = 1  # of the ink; the temperature was fitted on another writing of the same digits


def calibrate(recogniser: Recogniser, held_out: Labelled) -> dict[Ink, CalibrationRecord]:
    """Records of digits held out from training, as they are and written once in archive ink.

    Once: several writings of one digit resemble each other, so they tell less than as many digits would.
    """
    inks = {Ink.ARCHIVE: archive_digits(*held_out, np.random.default_rng(_SEED)), Ink.CLEAN: held_out}
    return {ink: record_of(recogniser(crops), labels) for ink, (crops, labels) in inks.items()}


def calibrate_file(path: Path, held_out: Labelled) -> str:
    """Puts the records of the model in `path` into its metadata, and returns the file's new SHA-256."""
    import onnx

    records = calibrate(OnnxRecogniser(path, ""), held_out)
    model = onnx.load(str(path))
    facts = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {**facts, CALIBRATION: write_records(records)})
    data = model.SerializeToString()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
