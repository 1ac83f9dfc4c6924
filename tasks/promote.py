"""The stages of a promotion: put both models to the trial, keep the report, move the champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prefect import task

from digit_core.evaluation.gate_report import gate_metrics, markdown, summary
from digit_core.evaluation.model_comparison import Comparison, Trial, compare, held_out_sets, put_to_trial, speeds
from digit_core.evaluation.promotion_gate import GatePolicy, GateVerdict, verdict
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.training.classifier_training import load_keras, load_mnist, parity
from digit_core.visualisation.gate_charts import pictures
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.promotions import Promotions
from tasks.retries import STAGE

SPEED_DIGITS = 2_000
PARITY_DIGITS = 500


@dataclass(frozen=True, slots=True)
class Judged:
    """A challenger with what was found about it; `champion` and `challenger` are version numbers."""

    champion: str
    challenger: str
    trials: tuple[Trial, ...]
    comparison: Comparison
    verdict: GateVerdict


@task(name="compare", **STAGE)
def compare_models(
    champion: ModelFile, challenger: ModelFile, keras: Path | None, mnist: Path | None, policy: GatePolicy
) -> Judged:
    """Both models on the same held-out digits. `keras`: the challenger's Keras file, if it has one."""
    old, new = (OnnxRecogniser(model.path, model.version) for model in (champion, challenger))
    sets = held_out_sets(*load_mnist(mnist).test)
    trials = tuple(put_to_trial(one, old, new) for one in sets)
    crops = sets[-1].images
    comparison = Comparison(
        sets=tuple(compare(trial, policy.residual_error) for trial in trials),
        speed=speeds(old, new, crops[:SPEED_DIGITS]),
        parity=parity(load_keras(keras), challenger.path, new.temperature, crops[:PARITY_DIGITS]) if keras else None,
        residual_error=policy.residual_error,
    )
    return Judged(champion.version, challenger.version, trials, comparison, verdict(comparison, policy))


@task(name="keep report", **STAGE)
def keep_report(promotions: Promotions, judged: Judged) -> str:
    """The report with its pictures goes to MLflow. Returns where it lies there."""
    comparison = judged.comparison
    charts = {
        name: data
        for trial, compared in zip(judged.trials, comparison.sets, strict=True)
        for name, data in pictures(trial, compared, comparison.residual_error).items()
    }
    names = judged.champion, judged.challenger
    report = markdown(comparison, judged.verdict, *names, list(charts))
    return promotions.record(
        judged.challenger,
        against=judged.champion,
        gate=_line(judged),
        description=summary(comparison, judged.verdict, *names),
        files={"report.md": report.encode(), **charts},
        metrics=gate_metrics(comparison),
    )


def _line(judged: Judged) -> str:
    word = "passed" if judged.verdict.passed else "refused"
    return "; ".join([f"{word} against {judged.champion} on {datetime.now(UTC):%Y-%m-%d}", *judged.verdict.reasons])


@task(name="move champion", **STAGE)
def move_champion(promotions: Promotions, version: str) -> None:
    """The challenger serves from now on."""
    promotions.promote(version)
