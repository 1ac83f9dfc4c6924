"""Calibration of a classifier: records from held-out digits, written into the model file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from digit_core.calibration.record import CalibrationRecord, write_records
from digit_core.inference.classifier import CALIBRATION, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.params import CalibrationSet
from digit_core.recognition.pipeline import PageReader
from digit_core.training.mnist import Labelled
from digit_core.training.strip_reader.held_out_strips import clean_strips, evaluate_digits, worn_strips

_SEED = 1  # seed of the strips; the temperature was fitted with another one
_DIGITS_A_STRIP = 3.5  # mean digits per strip; so many strips are written that each digit is used about once


def calibrate(reader: PageReader, held_out: Labelled) -> dict[CalibrationSet, CalibrationRecord]:
    """Measure records on digits held out from training, read from strips as pages are: on worn paper, and clean.

    Each digit is used about once: repeated renderings of one digit are not independent.
    """
    rng = np.random.default_rng(_SEED)
    strips = max(1, round(len(held_out[0]) / _DIGITS_A_STRIP))
    papers = {CalibrationSet.ARCHIVE: worn_strips(held_out, strips, rng), CalibrationSet.CLEAN: clean_strips(held_out, rng)}
    return {ink: evaluate_digits(written, reader).record() for ink, written in papers.items()}


def calibrate_file(path: Path, held_out: Labelled) -> str:
    """Write the records of the model in `path`, measured with the shipped reader, into its metadata; return the file's new
    SHA-256."""
    import onnx

    records = calibrate(PageReader(OnnxReader(), OnnxRecogniser(path, "")), held_out)
    model = onnx.load(str(path))
    facts = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {**facts, CALIBRATION: write_records(records)})
    data = model.SerializeToString()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
