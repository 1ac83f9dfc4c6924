"""The stages of a promotion: compare both versions, keep the report, move the champion."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
from prefect import task

from digit_core.errors import InputError
from digit_core.evaluation.gate_report import FigureRow, figures, gate_metrics, markdown, titled_table
from digit_core.evaluation.model_comparison import Comparison, Trial, compare, held_out_sets, put_to_trial, speeds
from digit_core.evaluation.promotion_gate import GatePolicy, GateVerdict, verdict
from digit_core.evaluation.strip_gate import (
    StripAnswers,
    StripComparison,
    compare_strips,
    strip_figures,
    strip_metrics,
    strip_verdict,
)
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.recognition.pipeline import PageReader
from digit_core.training.classifier.training import load_mnist, parity
from digit_core.training.keras_setup import load_keras
from digit_core.training.number_sets import DEV, LabelledNumber
from digit_core.training.set_exam import read_numbers
from digit_core.training.strip_reader.held_out_strips import LabelledStrip, clean_strips, exactly_read, worn_strips
from digit_core.training.transcribed_numbers import read_set
from digit_core.visualisation.gate_charts import pictures
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NetworkFiles
from tasks.adapters.registry.promotions import Promotions
from tasks.jobs import page_reader
from tasks.reader_spec import ReaderSpec
from tasks.retries import STAGE

SPEED_DIGITS = 2_000
PARITY_DIGITS = 500
STRIPS = 600
"""Number of strips of each kind on which detectors and strip readers are compared."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The comparison of a classifier's challenger; `champion` and `challenger` are version numbers."""

    champion: str
    challenger: str
    trials: tuple[Trial, ...]
    comparison: Comparison
    verdict: GateVerdict


@dataclass(frozen=True, slots=True)
class GateReport:
    """Report of the gate on a challenger: figures, files and metrics."""

    champion: str
    challenger: str
    verdict: GateVerdict
    rows: tuple[FigureRow, ...]
    files: Mapping[str, bytes]
    metrics: Mapping[str, float]

    @property
    def summary(self) -> str:
        return titled_table(self.verdict, self.champion, self.challenger, list(self.rows))


@task(name="compare", **STAGE)
def compare_models(
    champion: ModelFile, challenger: ModelFile, keras: Path | None, mnist: Path | None, policy: GatePolicy
) -> Judged:
    """Compare both classifiers on the same held-out digits. `keras`: the challenger's Keras file, if it has one."""
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


def report_of(judged: Judged) -> GateReport:
    """Build the report with its pictures."""
    comparison = judged.comparison
    charts = {
        name: data
        for trial, compared in zip(judged.trials, comparison.sets, strict=True)
        for name, data in pictures(trial, compared, comparison.residual_error).items()
    }
    names = judged.champion, judged.challenger
    text = markdown(comparison, judged.verdict, *names, list(charts))
    return GateReport(
        *names, judged.verdict, tuple(figures(comparison)), {"report.md": text.encode(), **charts}, gate_metrics(comparison)
    )


@task(name="compare", **STAGE)
def compare_readings(
    champion: NetworkFiles,
    challenger: NetworkFiles,
    versions: tuple[str, str],
    mnist: Path | None,
    policy: GatePolicy,
    sets: Sequence[Path] = (),
) -> GateReport:
    """Compare both on strips of MNIST's test digits, and on the held-back rows of number sets. They differ in one network, whose
    `versions` these are. Raises InputError for a set that cannot be read, or has no such rows."""
    held = {f"held-back numbers {at}": _held_back(path) for at, path in enumerate(sets, start=1)}
    digits, rng = load_mnist(mnist).test, np.random.default_rng(0)
    kinds = {
        "worn strips": list(worn_strips(digits, STRIPS, rng)),
        "clean strips": list(islice(clean_strips(digits, rng), STRIPS)),
    }
    old, new = (page_reader(ReaderSpec(files)) for files in (champion, challenger))
    compared = [compare_strips(name, _answers(papers, old), _answers(papers, new)) for name, papers in kinds.items()]
    compared += [compare_strips(name, _answers_of_set(rows, old), _answers_of_set(rows, new)) for name, rows in held.items()]
    return strip_report(versions, compared, strip_verdict(compared, policy))


def strip_report(versions: tuple[str, str], compared: Sequence[StripComparison], found: GateVerdict) -> GateReport:
    """Build the report of a detector or strip reader."""
    rows = strip_figures(compared)
    text = titled_table(found, *versions, rows)
    return GateReport(*versions, found, tuple(rows), {"report.md": text.encode()}, strip_metrics(compared))


def _answers(papers: Sequence[LabelledStrip], reader: PageReader) -> StripAnswers:
    started = time.perf_counter()
    right, confidence = exactly_read(papers, reader)
    return StripAnswers(right, confidence, len(papers) / (time.perf_counter() - started))


def _held_back(path: Path) -> tuple[LabelledNumber, ...]:
    rows = read_set(path).of(DEV)
    if not rows:
        raise InputError(
            f"the number set {path} has no row whose split is {DEV!r}: nothing is held back that could be compared on"
        )
    return rows


def _answers_of_set(rows: Sequence[LabelledNumber], reader: PageReader) -> StripAnswers:
    """Read them; they may be few, so that speed is measured on the strips alone."""
    read = read_numbers(rows, reader)
    return StripAnswers(np.array([one.right for one in read]), np.array([one.confidence for one in read]), 0.0)


@task(name="keep report", **STAGE)
def keep_report(promotions: Promotions, report: GateReport) -> str:
    """Save the report with its pictures in MLflow; return its location there."""
    return promotions.record(
        report.challenger,
        against=report.champion,
        gate=_line(report),
        description=report.summary,
        files=report.files,
        metrics=report.metrics,
    )


def _line(report: GateReport) -> str:
    word = "passed" if report.verdict.passed else "refused"
    return "; ".join([f"{word} against {report.champion} on {datetime.now(UTC):%Y-%m-%d}", *report.verdict.reasons])


@task(name="move champion", **STAGE)
def move_champion(promotions: Promotions, version: str) -> None:
    """Put the challenger into service."""
    promotions.promote(version)
