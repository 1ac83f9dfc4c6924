"""What audits of a collection promise: only what was drawn by lot counts, and nothing below what was audited."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from digit_core.calibration.record import CalibrationRecord
from digit_core.errors import InputError
from digit_core.params import CalibrationSet
from digit_core.review.audits import audit_record, promised_by_audits, set_by_audits
from digit_core.review.human_numbers import REVIEWED
from flows.planning import dialled
from flows.settings import Settings


def said(kind="digit", value="1", **changes):
    """A row of REVIEWED: an accepted 1 of the number 14, sure to 0.98, audited by a person."""
    row = dict.fromkeys(REVIEWED.names) | {"parts": "14", "place": 0, "guess": "1", "confidence": 0.98, "reason": "audit"}
    row |= {"model_version": "3", "kind": kind, "value": value, "reviewer": "Ada", "decided": datetime(2026, 1, 2, tzinfo=UTC)}
    return row | changes


def record_of(*rows):
    return audit_record(pa.Table.from_pylist(list(rows), REVIEWED), "3")


def test_an_audit_is_right_when_the_person_read_the_same():
    record = record_of(said(), said(value="7"), said(kind="not a digit", value=""), said(kind="number", value="14"))

    assert sorted(record.right.tolist()) == [False, False, True, True]


def test_a_number_that_was_retyped_otherwise_is_a_wrong_one():
    assert record_of(said(kind="number", value="74")).right.tolist() == [False]


def test_what_was_asked_for_being_unsure_or_by_another_model_or_is_not_decided_tells_nothing():
    rows = [said(reason="low confidence"), said(model_version="2"), said(kind="", value=""), said(kind="unreadable", value="")]

    assert record_of(*rows).digits == 0


def test_no_threshold_lies_below_the_least_sure_digit_that_was_audited():
    confidences = np.linspace(0.97, 0.999, 2000)
    record = CalibrationRecord.of(confidences, np.ones(2000, bool))

    setting = set_by_audits(record, 0.01)

    assert setting.feasible
    assert setting.threshold == pytest.approx(0.97, abs=1e-3)


def test_too_few_audits_promise_nothing_and_say_how_many_it_takes():
    record = CalibrationRecord.of(np.full(50, 0.99), np.ones(50, bool))

    with pytest.raises(InputError, match=r"the 50 audits of this collection do not guarantee an error of 0.5 %.*that takes \d+"):
        promised_by_audits(record, 0.005, 0.95)


def test_a_run_reads_by_the_audits_of_its_own_collection(tmp_path):
    settings = Settings(_env_file=None, max_error=0.01, ink=CalibrationSet.AUDITS)
    record = CalibrationRecord.of(np.linspace(0.98, 0.999, 2000), np.ones(2000, bool))

    found, promise = dialled(settings, tmp_path / "no.onnx", lambda: record)

    assert found.threshold == promise.threshold == pytest.approx(0.98, abs=1e-3)
    with pytest.raises(InputError, match="audits belong to a collection"):
        dialled(settings, tmp_path / "no.onnx")
