"""The commands `digits train` and `digits recipes`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deployments.cli.errors import one_line
from deployments.commands.run_display import duration
from deployments.commands.tables import print_table
from deployments.commands.training_display import Epochs
from digit_core.errors import DigitsError, InputError
from digit_core.params import TrainingParams
from digit_core.training.classifier.recipes import RECIPES, Published, Recipe, published_runs, recipe
from flows.settings import load_settings

if TYPE_CHECKING:
    from flows.train import Registered

OURS = "archive"
"""The recipe that `--all --ship FOLDER` ships."""

TOLERANCE = 0.3
"""Percentage points by which a measured accuracy may be below the published one."""


@dataclass(frozen=True)
class Outcome:
    """A finished or failed training: `result` is None where it failed, and `problem` says why."""

    recipe: Recipe
    epochs: int
    seconds: float
    result: Registered | None = None
    problem: str = ""

    @property
    def published(self) -> Published | None:
        return self.recipe.figure(self.epochs)

    @property
    def measured(self) -> str:
        return f"{100 * self.result.accuracy:.2f} %" if self.result else f"failed: {self.problem}"

    @property
    def verdict(self) -> str:
        """Compare the measured accuracy with the published one; "" where none was published."""
        if self.published is None or self.result is None:
            return ""
        below = self.published.lowest - 100 * self.result.accuracy
        if below <= 0:
            return "reached"
        return f"{below:.2f} points below" + (", within tolerance" if below <= TOLERANCE else "")


def recipes() -> None:
    """List the recipes."""
    rows = [
        (one.name, one.network, one.training, " ".join(_figure(one, figure) for figure in one.published) or "-", one.source)
        for one in RECIPES.values()
    ]
    print_table(("recipe", "network", "training", "published", "source"), rows)


def _figure(one: Recipe, figure: Published) -> str:
    return figure.text if len(one.published) == 1 else f"{figure.text} ({figure.epochs} epochs)"


def train(name: str | None, every: bool, report: Path | None, **options: Any) -> None:
    """Train one recipe, or all of them, continuing past failures; exit code 1 if any failed."""
    if every == (name is not None):
        raise InputError("name one RECIPE, or give --all; `digits recipes` lists them")
    params = TrainingParams.from_mapping({key: options[key] for key in TrainingParams.__dataclass_fields__})
    runs = list(_runs(name, params.epochs))
    if report is not None and not report.parent.is_dir():
        raise InputError(f"{report.parent} is not a folder, so {report.name} cannot be written there")
    outcomes: list[Outcome] = []
    with _flow(runs) as (flow, display):
        for one, epochs in runs:
            display.begin(f"{one.name}", epochs)
            ship = options["ship"] if one.name == OURS or not every else None
            outcome = _attempt(flow, one, epochs, {**options, "ship": ship}, go_on=every)
            outcomes.append(outcome)
            display.end(_line(outcome))
            if report:
                report.write_text(markdown(outcomes), encoding="utf-8")
    _summary(outcomes)
    if any(outcome.problem for outcome in outcomes):
        raise typer.Exit(1)


def _runs(name: str | None, epochs: int) -> Iterator[tuple[Recipe, int]]:
    """Yield the recipes and their numbers of epochs. With --all and a number of epochs each recipe is trained once."""
    if name is not None:
        one = recipe(name)
        yield one, epochs or one.epochs
    elif epochs:
        yield from ((one, epochs) for one in RECIPES.values())
    else:
        yield from published_runs()


@contextmanager
def _flow(runs: list[tuple[Recipe, int]]) -> Iterator[tuple[Any, Epochs]]:
    from flows.launch import trainings

    with Epochs(sys.stderr) as display, trainings(load_settings(), display.tell) as flow:
        yield flow, display


def _attempt(flow: Any, one: Recipe, epochs: int, options: Mapping[str, Any], go_on: bool) -> Outcome:
    started = time.monotonic()
    try:
        result = flow(recipe=one.name, **{**options, "epochs": epochs})
    except DigitsError as error:
        if not go_on:
            raise
        return Outcome(one, epochs, time.monotonic() - started, problem=one_line(str(error)))
    except Exception as error:  # TensorFlow's errors have no common base; one failed training must not stop the others
        if not go_on:
            raise
        return Outcome(one, epochs, time.monotonic() - started, problem=one_line(f"{type(error).__name__}: {error}")[:200])
    return Outcome(one, epochs, time.monotonic() - started, result)


def _line(outcome: Outcome) -> str:
    if outcome.result is None:
        return f"{outcome.recipe.name}: {outcome.measured}"
    return f"{outcome.recipe.name}: {outcome.measured} of MNIST's test digits, version {outcome.result.version}"


def _summary(outcomes: list[Outcome]) -> None:
    print_table(_HEADER, (_row(outcome) for outcome in outcomes))
    done = [outcome.result for outcome in outcomes if outcome.result]
    if len(outcomes) == 1 and done:
        figures = done[0].figures
        typer.echo(
            f"calibration error {figures['test_ece']:.4f}, "
            f"{figures['test_review_at_error_0.0014']:.2%} to review at 0.14 % residual error, "
            f"ONNX and Keras differ by {figures['onnx_parity']:.1g}"
        )
    if done:
        best = max(done, key=lambda result: result.accuracy)
        typer.echo(f"Next: digits promote {best.version}")


_HEADER = ("recipe", "epochs", "published", "measured", "", "seconds", "version")


def _row(outcome: Outcome) -> tuple[str, ...]:
    result = outcome.result
    epochs = str(result.card["epochs"] if result else outcome.epochs)
    seconds = f"{result.card['seconds']:,.0f}" if result else f"{outcome.seconds:,.0f}"
    published = outcome.published.text if outcome.published else "-"
    return outcome.recipe.name, epochs, published, outcome.measured, outcome.verdict, seconds, result.version if result else "-"


def markdown(outcomes: Iterable[Outcome]) -> str:
    """Format the results as a Markdown table for a README."""
    lines = [
        "| recipe | network | epochs | published | measured | | training |",
        "|---|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        name, epochs, published, measured, verdict, _, _ = _row(outcome)
        took = duration(outcome.result.card["seconds"] if outcome.result else outcome.seconds)
        cells = (f"`{name}`", outcome.recipe.network, epochs, published, measured.replace("|", "/"), verdict, took)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
