"""A run's options are declared once: the command line, Prefect's form, the settings and a retry all follow from there."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.errors import InputError
from digit_core.params import Writing
from flows.options import READING, RunOptions, run_options
from flows.planning import settings_of_retry
from flows.settings import Settings

FLAGS = {"handwritten", "printed"}  # two flags for the option `writing`


def command_parameters(command: str) -> dict[str, Any]:
    group = get_command(app)
    context = typer.Context(group)
    found = group.get_command(context, command)  # type: ignore[attr-defined]
    return {one.name: one for one in found.get_params(context)}


@pytest.mark.parametrize("name", RunOptions.model_fields)
def test_every_option_stands_in_for_a_setting_with_the_same_bounds_and_words(name: str) -> None:
    option, setting = RunOptions.model_fields[name], Settings.model_fields[name]

    assert setting.description == option.description
    if name != "workers":  # 0 stands for one for each core in the setting
        assert [repr(one) for one in setting.metadata] == [repr(one) for one in option.metadata if type(one).__name__ != "Cli"]


@pytest.mark.parametrize(("command", "without"), [("digitise", set()), ("retry", {"max_failed"})])
def test_the_commands_of_a_run_take_every_option(command: str, without: set[str]) -> None:
    wanted = (RunOptions.model_fields.keys() - without - {"writing"}) | FLAGS

    assert wanted <= command_parameters(command).keys()
    assert without.isdisjoint(command_parameters(command))


def test_the_command_line_has_the_bounds_and_words_of_the_option() -> None:
    threshold = command_parameters("digitise")["threshold"]

    assert CliRunner().invoke(app, ["digitise", "scans", "--out", "out", "--threshold", "1.5"]).exit_code == 2
    assert threshold.help.startswith(RunOptions.model_fields["threshold"].description or "?")
    assert "DIGITS_THRESHOLD: 0.97" in threshold.help


@pytest.mark.parametrize(("name", "without"), [("digitise", set()), ("retry", {"max_failed"})])
def test_prefects_form_shows_every_option_with_its_bounds_and_words(name: str, without: set[str]) -> None:
    from flows.digitise import digitise
    from flows.retry import retry

    shown = {"digitise": digitise, "retry": retry}[name].parameters.properties

    assert RunOptions.model_fields.keys() - without <= shown.keys()
    assert "options" not in shown
    assert shown["threshold"]["description"] == RunOptions.model_fields["threshold"].description
    assert {"maximum": 1, "minimum": 0, "type": "number"} in shown["threshold"]["anyOf"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"threshold": 1.5}, "--threshold: "),
        ({"max_error": 0}, "--max-error: "),
        ({"max_megapixels": -1}, "--max-megapixels: "),
        ({"threshold": 0.9, "max_error": 0.01}, "give one of them"),
        ({"treshold": 0.9}, "--treshold: "),
    ],
)
def test_a_value_that_cannot_be_is_an_error_that_names_its_option(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_options(values)


def test_an_option_counts_more_than_its_setting_and_a_threshold_more_than_a_max_error() -> None:
    settings = Settings(max_error=0.01, workers=2)

    now = settings.replaced_by(run_options({"threshold": 0.5, "writing": "hand"}))

    assert (now.threshold, now.max_error, now.writing, now.workers) == (0.5, None, Writing.HAND, 2)


def kept(**values: Any) -> RunOptions:
    """Options as they come back out of a manifest."""
    return RunOptions(**json.loads(json.dumps(RunOptions(**values).given())))


def test_a_retry_reads_with_the_options_of_the_run_that_failed() -> None:
    settings = Settings(threshold=0.97)

    then = settings_of_retry(settings, RunOptions(), kept(threshold=0.99, audit_share=0.0, layout="/forms", writing="print"))

    assert (then.threshold, then.audit_share, then.layout, then.writing) == (0.99, 0.0, "/forms", Writing.PRINT)


def test_what_a_retry_is_told_counts_more_than_what_the_run_was_told() -> None:
    then = settings_of_retry(Settings(), RunOptions(threshold=0.8), kept(max_error=0.01, audit_share=0.5))

    assert (then.threshold, then.max_error, then.audit_share) == (0.8, None, 0.5)


@pytest.mark.parametrize(("run", "now", "most"), [(200, 500, 500), (500, 200, 500)])
def test_a_limit_that_was_raised_holds_in_a_retry_whoever_raised_it(run: float, now: float, most: float) -> None:
    then = settings_of_retry(Settings(max_megapixels=now), RunOptions(), kept(max_megapixels=run))

    assert then.max_megapixels == most


def test_options_that_say_where_and_how_fast_are_not_kept_for_a_retry() -> None:
    assert {"workers", "runner", "scheduler", "max_failed"}.isdisjoint(READING)
    assert set(READING) | {"workers", "runner", "scheduler", "max_failed"} == RunOptions.model_fields.keys()
