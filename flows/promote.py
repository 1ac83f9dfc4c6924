"""The flow `promote`: compares a challenger with the champion, and promotes it or refuses it with the reason."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from pydantic import Field

from digit_core.errors import GateRefusedError
from digit_core.evaluation.promotion_gate import GatePolicy
from digit_core.params import NetworkName
from flows.networks import networks_of_run, registry
from flows.options import described
from flows.promote_result import Figures, Promoted, on_figures
from flows.settings import Settings, load_settings
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import CLASSIFIER, network_named
from tasks.adapters.registry.promotions import Promotions
from tasks.promote import GateReport, compare_models, compare_readings, keep_report, move_champion, report_of


@flow(name="promote", flow_run_name="promote {network} {version}", persist_result=False)
@described
def promote(
    version: Annotated[str, Field(description="Number of a version, or its alias.")] = "challenger",
    mnist: Annotated[str | None, Field(description="Path of mnist.npz. Default: the setting DIGITS_MNIST.")] = None,
    network: Annotated[NetworkName, Field(description="Network of the version.")] = NetworkName.CLASSIFIER,
    sets: Annotated[
        Sequence[str], Field(description="Number sets whose held-back rows detectors and strip readers have to read as well.")
    ] = (),
) -> Promoted:
    """Put a version of a network into service if it is not worse than the champion. Runs in progress keep theirs.

    version: a number, or an alias such as "challenger". mnist: path of mnist.npz; the setting DIGITS_MNIST by default. sets:
    number sets, whose rows of the split dev both networks read as well. Raises GateRefusedError with the reasons if the version
    is worse, RegistryError if its file is not the one registered, InputError where there is no such version, no MNIST, or no such
    set. Then the champion stays.
    """
    settings = load_settings()
    promotions = Promotions(registry(settings, network_named(network)))
    promotions.registry.offer_shipped()
    number = promotions.registry.resolve(version)
    champion, challenger = promotions.champion(), promotions.registry.model(number)
    if champion.version == number:
        return Promoted(number, number)
    material = Path(mnist) if mnist else settings.mnist, tuple(map(Path, sets))
    report = _compared(promotions, champion, challenger, settings, *material)
    place = _tell(report, keep_report(promotions, report))
    move_champion(promotions, number)
    return Promoted(number, champion.version, place)


def _compared(
    promotions: Promotions,
    champion: ModelFile,
    challenger: ModelFile,
    settings: Settings,
    mnist: Path | None,
    sets: tuple[Path, ...],
) -> GateReport:
    """Compare classifiers on digits; detectors or strip readers on strips, with the other networks' champions."""
    network = promotions.registry.network
    if network is CLASSIFIER:
        with tempfile.TemporaryDirectory() as folder:
            keras = promotions.keras_file(challenger.version, Path(folder))
            return report_of(compare_models(champion, challenger, keras, mnist, GatePolicy()))
    plain = settings.model_copy(update=dict.fromkeys(("classifier", "detector", "strip_reader"), ""))
    old, new = (replace(networks_of_run(plain), **{network.option: file}) for file in (champion, challenger))
    return compare_readings(old, new, (champion.version, challenger.version), mnist, GatePolicy(), sets)


def _tell(report: GateReport, place: str) -> str:
    """Return a summary. Raises GateRefusedError unless the challenger passed."""
    on_figures.get()(Figures(report.champion, report.challenger, report.rows))
    create_markdown_artifact(report.summary, key="digits-promotion", description=f"version {report.challenger}")
    if not report.verdict.passed:
        raise GateRefusedError(refusal(report, place))
    return place


def refusal(report: GateReport, place: str) -> str:
    """List the most important reasons in one line; the report has all of them."""
    return (
        f"version {report.challenger} was refused, version {report.champion} stays the champion: "
        f"{report.verdict.gist}. The full report is in MLflow: run {place}"
    )
