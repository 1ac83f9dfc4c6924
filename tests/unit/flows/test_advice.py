"""What a run's summary says about its questions, and about where its threshold was measured."""

from dataclasses import replace
from pathlib import Path

import pytest

from digit_core.calibration.risk_control import DialSetting
from digit_core.params import ReviewPolicy
from digit_core.readings import ReadBy
from digit_core.review.pilot import PilotSettings
from flows.advice import advice, where_measured
from flows.run_stats import Tally
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NetworkFiles
from tasks.reader_spec import ReaderSpec
from tasks.run_plan import RunPlan, Sealed
from tests.support.review.items import digit

READ_BY = ReadBy("1", "12", "none", "digest", "run")
FILE = ModelFile("1", Path("model.onnx"), "")
PLAN = RunPlan(
    *("/scans", "/my results", Path("spool"), ReaderSpec(NetworkFiles(FILE, FILE, FILE)), READ_BY),
    seq=1,
    workers=1,
    page_seconds=60,
)
PILOT = PilotSettings(2, "2026-11-01T00:00:00+00:00", 0.9, 1.2, 0.05, 0.95, 0.7, 1, 80, READ_BY)
COMMAND = "digits pilot /scans --out '/my results'"
OTHERS = f"the threshold was measured on other collections, not on this one; to measure it here: {COMMAND}"


@pytest.fixture
def tally():
    """Four pages; of six numbers two would be accepted at 0.9, one is an audit, and one is asked about for its marks."""
    found = Tally()
    items = [
        *(digit("a", place=at, confidence=0.95) for at in (0, 1)),
        digit("b", confidence=0.92),
        *(digit("c", place=at, confidence=share) for at, share in ((0, 0.95), (1, 0.4))),
        digit("d", confidence=0.3),
        digit("e", confidence=0.999, reason="audit"),
        digit("f", confidence=0.95, reason="mark?"),
    ]
    found.add(Sealed({"pages": 4, "numbers": 9, "digits": 36, "to_review": 8}, "", (), tuple(items)))
    return found


def test_the_numbers_that_wait_are_counted_by_page_with_what_would_lower_them(tally):
    first, last = advice(PLAN, tally)

    assert first == (
        "5 numbers wait for people, 1.2 a page; fewer with a layout of the form (digits layout propose), "
        "--threshold 0.9 (about 2 fewer, and more errors), a pilot (digits pilot /scans --out '/my results')"
    )
    assert last == OTHERS


def test_only_what_is_not_there_yet_is_advised(tally):
    spec = replace(PLAN.spec, layouts=("a layout",), review=ReviewPolicy(0.9))
    plan = replace(PLAN, spec=spec, read_by=replace(READ_BY, pilot_version="2"), pilot=PILOT)

    first, last = advice(plan, tally)

    assert first == "5 numbers wait for people, 1.2 a page"
    assert last.startswith("pilot 2: at most 5 % of the accepted numbers of this collection are wrong")


def test_a_run_without_questions_says_where_its_threshold_is_from_alone():
    assert list(advice(PLAN, Tally())) == [OTHERS]


def test_a_threshold_from_the_audits_of_the_collection_is_its_own():
    promise = DialSetting(0.01, 0.95, 0.98, 0.01, 0.0, 0.1, 500, feasible=True)

    assert where_measured(replace(PLAN, promise=promise, options='{"ink": "audits"}')).endswith(
        "audited digits of this collection"
    )
    assert where_measured(replace(PLAN, promise=promise, options='{"ink": "archive"}')) == OTHERS
