"""The dial where people turn it: `digits dial`, --max-error, and the settings behind it."""

import hashlib
import json

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.calibration.record import CalibrationRecord, write_records
from digit_core.calibration.risk_control import set_dial
from digit_core.errors import InputError, RegistryError
from digit_core.inference.classifier import SHIPPED_MODEL
from digit_core.params import CalibrationSet
from flows.options import run_options
from flows.planning import dialled, make_plan
from flows.settings import load_settings
from tasks.adapters.registry.registry import Registry
from tests.support import tiny_model

CLEAN = CalibrationRecord.of(np.repeat([0.9999, 0.8, 0.4], [4500, 300, 200]), np.repeat([True, True, False], [4500, 300, 200]))
ARCHIVE = CalibrationRecord.of(np.repeat([0.9999, 0.6], [1500, 3500]), np.repeat([True, False], [1500, 3500]))
TARGET = 0.0014


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose champion carries the two records; clean digits keep the target, those in archive ink cannot."""
    home = tmp_path_factory.mktemp("home")
    shipped = tiny_model.write(home / "tiny")
    model = onnx.load(shipped.onnx)
    onnx.helper.set_model_props(
        model, {"calibration": write_records({CalibrationSet.ARCHIVE: ARCHIVE, CalibrationSet.CLEAN: CLEAN})}
    )
    onnx.save(model, shipped.onnx)
    card = json.loads(shipped.card.read_text())
    shipped.card.write_text(json.dumps({**card, "sha256": hashlib.sha256(shipped.onnx.read_bytes()).hexdigest()}))
    Registry(f"sqlite:///{home / 'mlflow.db'}", home / "models", (home / "mlruns").as_uri(), shipped).champion()
    return home


@pytest.fixture
def settings(home, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(home))
    return load_settings


def digits(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_table_shows_what_can_be_promised_and_what_it_takes(settings):
    run = digits("dial")

    assert run.exit_code == 0
    assert "digits in archive ink, 5,000 not used in training; guaranteed with 95 % certainty" in run.output
    row = next(line for line in run.output.split("clean digits")[1].splitlines() if line.startswith("0.14 %")).split()
    assert row == ["0.14", "%", f"{set_dial(CLEAN, TARGET).threshold:.4f}", "0.0646", "%", "0", "%", "4.0%"]
    assert "1 % cannot be promised" not in run.output.split("clean digits")[1]


def test_one_target_with_a_certainty_of_its_own_can_be_asked_for(settings):
    run = digits("dial", "--max-error", "0.003", "--certainty", "0.5")

    assert run.output.count("0.3 %") >= 2
    assert "50 % certainty" in run.output
    assert "0.14 %" not in run.output


def test_a_chart_is_written_where_it_is_asked_for(settings, tmp_path):
    digits("dial", "-o", tmp_path / "dial.png")

    assert (tmp_path / "dial.png").read_bytes().startswith(b"\x89PNG")


def test_a_chart_can_be_drawn_where_nothing_can_be_promised(settings, tmp_path):
    assert digits("dial", "--max-error", "0.000001", "-o", tmp_path / "dial.png").exit_code == 0


@pytest.mark.parametrize(
    "option", [("--max-error", "0"), ("--certainty", "1"), ("--model", "nowhere.onnx"), ("-o", "no/dial.png")]
)
def test_what_cannot_be_is_an_error_of_the_caller(settings, option):
    run = digits("dial", *option)

    assert run.exit_code == 2
    assert "digits: " in run.output


def test_real_collections_stand_in_the_table_of_the_classifier_that_read_them(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "of its own"))

    run = digits("dial", "--model", SHIPPED_MODEL)

    assert "real: digits of french notaries," in run.output
    assert "digits of real collections, " in run.output


def test_real_collections_promise_nothing_of_another_classifier(settings, tmp_path):
    assert "real collections" not in digits("dial").output
    with pytest.raises(InputError, match="another one serves: give --ink archive"):
        make_plan("scans", str(tmp_path / "out"), settings().replaced_by(run_options({"max_error": 0.02, "ink": "real"})))


def test_a_run_takes_the_threshold_that_keeps_the_error(settings, tmp_path):
    plan = make_plan(
        "scans", str(tmp_path / "out"), settings().replaced_by(run_options({"max_error": TARGET, "ink": CalibrationSet.CLEAN}))
    )

    assert plan.promise == set_dial(CLEAN, TARGET)
    assert plan.spec.review.threshold == plan.promise.threshold


def test_a_run_with_a_fixed_threshold_promises_nothing(settings, tmp_path):
    plan = make_plan("scans", str(tmp_path / "out"), settings().replaced_by(run_options({"threshold": 0.9})))

    assert plan.promise is None
    assert plan.spec.review.threshold == 0.9


def test_an_error_that_cannot_be_promised_stops_the_run_before_it_begins(settings, tmp_path):
    run = digits("digitise", tmp_path / "scans", "--out", tmp_path / "out", "--max-error", TARGET)

    assert run.exit_code == 2
    assert "0.14 % cannot be guaranteed with 95 % certainty for digits in archive ink" in run.output
    assert "--ink clean" in run.output


def test_a_threshold_and_an_error_together_are_refused(settings, tmp_path):
    run = digits("digitise", tmp_path / "scans", "--out", tmp_path / "out", "--max-error", "0.01", "--threshold", "0.9")

    assert run.exit_code == 2
    assert "--threshold and --max-error exclude each other" in run.output


def test_the_settings_can_say_it_too(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("DIGITS_MAX_ERROR", str(TARGET))
    monkeypatch.setenv("DIGITS_INK", "clean")
    monkeypatch.setenv("DIGITS_CERTAINTY", "0.9")

    assert make_plan("scans", str(tmp_path / "out"), settings()).promise == set_dial(CLEAN, TARGET, 0.9)


def test_a_threshold_as_an_option_takes_the_place_of_an_error_in_the_settings(settings, monkeypatch):
    monkeypatch.setenv("DIGITS_MAX_ERROR", str(TARGET))

    assert settings().replaced_by(run_options({"threshold": 0.9})).max_error is None


def test_an_error_as_an_option_takes_the_place_of_a_threshold_in_the_settings(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("DIGITS_THRESHOLD", "0.5")

    plan = make_plan(
        "scans", str(tmp_path / "out"), settings().replaced_by(run_options({"max_error": TARGET, "ink": CalibrationSet.CLEAN}))
    )

    assert plan.spec.review.threshold == set_dial(CLEAN, TARGET).threshold


def test_settings_that_say_both_are_refused(settings, monkeypatch):
    monkeypatch.setenv("DIGITS_THRESHOLD", "0.9")
    monkeypatch.setenv("DIGITS_MAX_ERROR", "0.01")

    with pytest.raises(InputError, match="DIGITS_THRESHOLD and DIGITS_MAX_ERROR are both set"):
        settings()


def test_a_model_without_a_record_can_promise_nothing(settings, tmp_path):
    with pytest.raises(RegistryError, match="has no calibration record"):
        dialled(settings().replaced_by(run_options({"max_error": 0.01})), tiny_model.write(tmp_path).onnx)
