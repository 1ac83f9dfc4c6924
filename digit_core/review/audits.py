"""Audits of a collection: randomly drawn accepted digits, and whether they were right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import CERTAINTY, DialSetting, percent, set_dial, shortage
from digit_core.errors import InputError
from digit_core.readings import Reason
from digit_core.records import NOT_A_DIGIT
from digit_core.review.verdicts import Kind, Verdict, said_of

_NO_DIGIT = ""


def audit_record(reviewed: pa.Table, model_version: str) -> CalibrationRecord:
    """Build the record of the audited digits (table REVIEWED) that this model read and people have decided. A digit that nobody
    could read is left out; one whose number was retyped differently is wrong."""
    rows = reviewed.filter(
        pc.and_(pc.equal(reviewed["reason"], Reason.AUDIT), pc.equal(reviewed["model_version"], model_version))
    ).to_pylist()
    told = [row for row in rows if row["kind"] and row["kind"] != Kind.UNREADABLE]
    confidences = np.array([row["confidence"] for row in told], np.float64)
    return CalibrationRecord.of(confidences, np.array([_right(row) for row in told], bool))


def _right(row: dict[str, str]) -> bool:
    parts = ["" if sign == "-" else sign for sign in row["parts"]]
    verdict = said_of(Verdict(Kind(row["kind"]), row["value"]), parts, int(row["place"]))
    return verdict.agrees_with(int(row["guess"]) if row["guess"] != _NO_DIGIT else NOT_A_DIGIT)


def set_by_audits(record: CalibrationRecord, target: float, certainty: float = CERTAINTY) -> DialSetting:
    """Set the dial as `set_dial` does, but not below the lowest confidence that was audited: audits say nothing about other
    digits."""
    setting = set_dial(record, target, certainty)
    lowest = 1 - float(record.doubts.max(initial=0.0))
    return replace(setting, threshold=max(setting.threshold, lowest)) if setting.feasible else setting


def promised_by_audits(record: CalibrationRecord, target: float, certainty: float) -> DialSetting:
    """Set the dial as `set_by_audits` does. Raises InputError saying how many audits are needed where the target cannot be
    guaranteed."""
    setting = set_by_audits(record, target, certainty)
    if setting.feasible:
        return setting
    raise InputError(
        f"the {record.digits:,} audits of this collection do not guarantee an error of {percent(target)} with "
        f"{percent(certainty)} certainty: {shortage(record, target, certainty)}; let people decide more of them, "
        "or give --ink archive"
    )
