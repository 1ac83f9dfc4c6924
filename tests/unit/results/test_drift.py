import numpy as np
import pyarrow as pa
import pytest

from digit_core.calibration.record import CalibrationRecord
from digit_core.results.drift import FEWEST, Distribution, drifts, shape_of, stability, validation_shape
from digit_core.results.schema import DIGITS

DRAW = np.random.default_rng(1)


def sure(digits: int, unsure: int) -> Distribution:
    """So many digits in the highest and in the lowest bin, all labels alike."""
    share = (digits + unsure) // 10
    return Distribution((unsure, 0, 0, 0, 0, 0, digits), (share,) * 10)


def table(rows: list[dict]) -> pa.Table:
    blank = {"digit": "7", "confidence": 0.99, "state": "accepted"}
    return pa.Table.from_pylist([{**blank, **row} for row in rows], schema=DIGITS)


def test_a_batch_like_the_past_raises_no_alarm():
    found = drifts(sure(9_000, 1_000), sure(90_000, 10_000), Distribution())

    assert [drift.reference for drift in found] == ["the collection so far"] * 2
    assert not any(drift.alarming for drift in found)


def test_a_batch_that_the_model_is_much_less_sure_of_raises_an_alarm_that_says_how_much():
    (drift,) = (one for one in drifts(sure(6_000, 4_000), sure(90_000, 10_000), Distribution()) if one.alarming)

    assert drift.what == "confidence"
    assert "40.0% of the digits below 0.97, 10.0% there" in str(drift)


def test_a_batch_that_the_model_is_surer_of_than_of_its_validation_is_no_reason_to_alarm():
    (surer,) = drifts(sure(9_000, 1_000), Distribution(), sure(6_000, 4_000))
    (doubtful,) = drifts(sure(6_000, 4_000), Distribution(), sure(9_000, 1_000))

    assert not surer.alarming
    assert doubtful.alarming


def test_a_batch_that_the_model_is_much_surer_of_than_of_the_collection_so_far_raises_an_alarm():
    alarms = [one for one in drifts(sure(9_000, 1_000), sure(60_000, 40_000), Distribution()) if one.alarming]

    assert [one.what for one in alarms] == ["confidence"]


def test_a_batch_of_ones_alone_raises_an_alarm_that_names_the_digit():
    ones = Distribution(sure(1000, 0).confidences, (0, 1000, *[0] * 8))

    alarms = [drift for drift in drifts(ones, sure(10_000, 0), Distribution()) if drift.alarming]

    assert [drift.what for drift in alarms] == ["digit shares"]
    assert "100.0% are a 1, 10.0% there" in str(alarms[0])


def test_of_a_few_digits_nothing_is_said():
    assert drifts(sure(0, FEWEST - 10), sure(10_000, 0), sure(10_000, 0)) == []


@pytest.mark.parametrize("digits", [FEWEST, 5_000])
def test_chance_alone_raises_no_alarm(digits):
    shares = DRAW.dirichlet(np.ones(10), size=200)
    indices = [stability(DRAW.multinomial(digits, one), DRAW.multinomial(20_000, one)) for one in shares]

    assert max(indices) < 0.1


def test_the_shape_of_rows_leaves_out_what_is_no_digit_and_adds_up_the_doubt_of_the_accepted():
    rows = table(
        [{}, {"confidence": 0.6, "state": "review"}, {"digit": "", "confidence": 1.0}, {"digit": "0", "confidence": 0.9995}]
    )

    shape = shape_of(rows)

    assert shape.digits == (1, 0, 0, 0, 0, 0, 0, 2, 0, 0)
    assert sum(shape.confidences) == 3
    assert shape.accepted == 2
    assert shape.doubt == pytest.approx(0.0105, abs=1e-6)


def test_a_shape_survives_its_manifest():
    shape = shape_of(table([{"confidence": 0.75}, {"confidence": 0.5}]))

    assert Distribution.from_json(shape.to_json()) == shape
    assert Distribution.from_json({}) == Distribution()


def test_the_validation_has_the_confidences_of_the_record():
    record = CalibrationRecord.of(np.array([0.4, 0.95, 0.9999]), np.array([False, True, True]))

    assert validation_shape(record).confidences == (1, 0, 0, 1, 0, 0, 1)
