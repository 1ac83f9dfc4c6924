"""The record of held-out digits: what is in it, and its way through a model file."""

import json

import numpy as np
import pytest

from digit_core.calibration.record import CalibrationRecord, read_records, write_records
from digit_core.errors import RegistryError
from digit_core.imaging.digit_crop import mnist_crop
from digit_core.inference.classifier import OnnxRecogniser, calibration_of
from digit_core.inference.reader import OnnxReader
from digit_core.params import CalibrationSet
from digit_core.recognition.pipeline import PageReader
from digit_core.synthesis.pen import draw_number, make_writer
from digit_core.training.classifier.calibrate import calibrate, calibrate_file
from tests.support import tiny_model

pytestmark = pytest.mark.slow


def test_a_record_has_the_surest_digit_first():
    record = CalibrationRecord.of(np.array([0.5, 0.99, 0.9]), np.array([True, True, False]))

    assert record.right.tolist() == [True, False, True]
    assert record.doubts == pytest.approx([0.01, 0.1, 0.5], rel=1e-3)


def test_a_limit_accepts_in_the_record_what_its_threshold_accepts_on_a_page():
    confidences = np.random.default_rng(0).beta(20, 0.3, 3000).astype(np.float32)
    record = CalibrationRecord.of(confidences, np.ones(3000, bool))

    for limit in np.geomspace(1e-6, 1, 40).astype(np.float16):
        accepted, _ = record.counts(np.array([limit]))
        assert accepted[0] == (confidences.astype(float) >= 1 - float(limit)).sum()


@pytest.mark.parametrize(
    ("doubts", "right"),
    [([0.2, 0.1], [True, True]), ([-0.1], [True]), ([1.5], [True]), ([0.1], [True, False]), ([np.nan], [True])],
)
def test_a_record_checks_itself(doubts, right):
    with pytest.raises(ValueError, match="doubts"):
        CalibrationRecord(np.array(doubts, np.float16), np.array(right))


def test_a_record_of_five_thousand_digits_takes_less_than_twenty_kilobytes():
    record = CalibrationRecord.of(np.linspace(0.3, 1, 5000), np.ones(5000, bool))

    assert len(json.dumps(record.to_json())) < 20_000


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pencil": {}}', '{"clean": {"digits": 3, "doubts": "!", "right": ""}}'])
def test_a_damaged_record_is_refused(text):
    with pytest.raises(RegistryError, match="calibration record is damaged"):
        read_records(text)


def test_a_record_that_was_cut_short_is_refused():
    record = CalibrationRecord.of(np.linspace(0.3, 1, 40), np.ones(40, bool))
    fields = record.to_json()

    with pytest.raises(RegistryError, match="damaged"):
        read_records(json.dumps({"clean": {**fields, "doubts": fields["doubts"][:-8]}}))


@pytest.fixture
def held_out():
    rng = np.random.default_rng(5)
    labels = np.arange(60) % 10
    return np.stack([mnist_crop(draw_number(str(d), make_writer(k), 40, rng)[0]) for k, d in enumerate(labels)]), labels


def test_a_model_file_carries_the_records_of_its_held_out_digits(tmp_path, held_out):
    file = tiny_model.write(tmp_path).onnx

    calibrate_file(file, held_out)

    records, expected = calibration_of(file), calibrate(PageReader(OnnxReader(), OnnxRecogniser(file, "")), held_out)
    assert write_records(records) == write_records(expected)
    assert set(records) == {CalibrationSet.ARCHIVE, CalibrationSet.CLEAN}
    assert 55 <= records[CalibrationSet.CLEAN].digits <= 65


def test_a_calibrated_file_reads_as_before(tmp_path, held_out):
    file = tiny_model.write(tmp_path).onnx
    before = OnnxRecogniser(file, "")(held_out[0])

    calibrate_file(file, held_out)

    assert (OnnxRecogniser(file, "")(held_out[0]) == before).all()


def test_calibrating_twice_gives_the_same_bytes(tmp_path, held_out):
    file = tiny_model.write(tmp_path).onnx

    assert calibrate_file(file, held_out) == calibrate_file(file, held_out)


def test_a_model_without_a_record_says_what_to_do(tmp_path):
    with pytest.raises(RegistryError, match=r"has no calibration record.*give a threshold"):
        calibration_of(tiny_model.write(tmp_path).onnx)
