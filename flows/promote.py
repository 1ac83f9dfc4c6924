"""The flow `promote`: a challenger is compared with the champion, and takes its place or is refused with the reason."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from pydantic import Field

from digit_core.errors import GateRefusedError
from digit_core.evaluation.gate_report import figures, summary
from digit_core.evaluation.promotion_gate import GatePolicy
from flows.options import described
from flows.planning import registry
from flows.promote_result import Figures, Promoted, on_figures
from flows.settings import load_settings
from tasks.adapters.registry.promotions import Promotions
from tasks.promote import Judged, compare_models, keep_report, move_champion


@flow(name="promote", flow_run_name="promote {version}", persist_result=False)
@described
def promote(
    version: Annotated[str, Field(description="Number of a version, or its alias.")] = "challenger",
    mnist: Annotated[str | None, Field(description="Path of mnist.npz. Default: the setting DIGITS_MNIST.")] = None,
) -> Promoted:
    """Put a model version into service if it is not worse than the champion. Runs in progress keep the one they have.

    version: a number, or an alias such as "challenger". mnist: path of mnist.npz; the setting DIGITS_MNIST by default.
    Raises GateRefusedError with the reasons if the version is worse, RegistryError if its file is not what was registered,
    InputError where there is no such version or no MNIST. Then the champion stays.
    """
    settings = load_settings()
    promotions = Promotions(registry(settings))
    promotions.registry.offer_shipped()
    number = promotions.resolve(version)
    champion, challenger = promotions.champion(), promotions.registry.model(number)
    if champion.version == number:
        return Promoted(number, number)
    with tempfile.TemporaryDirectory() as folder:
        keras = promotions.keras_file(number, Path(folder))
        data = Path(mnist) if mnist else settings.mnist
        judged = compare_models(champion, challenger, keras, data, GatePolicy())
    report = _tell(judged, keep_report(promotions, judged))
    move_champion(promotions, number)
    return Promoted(number, champion.version, report)


def _tell(judged: Judged, report: str) -> str:
    """Raises GateRefusedError unless the challenger passed."""
    names = judged.champion, judged.challenger
    on_figures.get()(Figures(*names, tuple(figures(judged.comparison))))
    create_markdown_artifact(
        summary(judged.comparison, judged.verdict, *names), key="digits-promotion", description=f"version {names[1]}"
    )
    if not judged.verdict.passed:
        raise GateRefusedError(refusal(judged, report))
    return report


def refusal(judged: Judged, report: str) -> str:
    """The reasons in one line."""
    return (
        f"version {judged.challenger} was refused, version {judged.champion} stays the champion: "
        f"{'; '.join(judged.verdict.reasons)}. The whole report with pictures is in MLflow: run {report}"
    )
