"""Contents of the registry: versions, their aliases, and how a version is added."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.adapters.registry import descriptions
from tasks.adapters.registry.cache import file_sha256
from tasks.adapters.registry.client import already_there_is_fine
from tasks.adapters.registry.networks import Network
from tasks.adapters.registry.shipped_model import checked_sha256, metrics, parameters
from tasks.adapters.registry.tracking import TrainingArtifacts, complete_model, log_artifacts

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as MlflowVersion
    from mlflow.tracking import MlflowClient

EXPERIMENT = "digits"
"""The experiment of all trainings."""

CARD = "card.json"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of the network `kind`.

    `date` is the card's (ISO), `metrics` the figures measured since it was made. `gate` is the promotion gate's last verdict,
    `run_id` MLflow's run with its files; each may be "".
    """

    kind: str
    version: str
    aliases: tuple[str, ...]
    sha256: str
    recipe: str
    date: str
    metrics: Mapping[str, float]
    gate: str = ""
    run_id: str = ""


def ensure_model(client: MlflowClient, network: Network) -> None:
    """Create the registered model if it does not exist, with its description."""
    name, description = network.registered, descriptions.of_model(network)
    with already_there_is_fine():
        client.create_registered_model(name, description=description)
    if not client.get_registered_model(name).description:  # of an earlier version of this program
        client.update_registered_model(name, description)


def aliases(client: MlflowClient, name: str) -> dict[str, str]:
    """Map each alias to its version; empty if the registry has no such model yet."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_registered_model(name).aliases
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}
    return {alias: str(version) for alias, version in found.items()}


def all_versions(client: MlflowClient, name: str) -> list[MlflowVersion]:
    """List the versions of a registered model, in no particular order."""
    return list(client.search_model_versions(f"name='{name}'"))


def line(client: MlflowClient, kind: str, version: MlflowVersion, named: Mapping[str, str]) -> ModelVersion:
    """Describe a version with its aliases and metrics."""
    number, tags = str(version.version), version.tags
    metrics = client.get_run(version.run_id).data.metrics if version.run_id else {}
    names = tuple(sorted(alias for alias, aliased in named.items() if aliased == number))
    return ModelVersion(
        kind=kind,
        version=number,
        aliases=names,
        sha256=tags.get("sha256", ""),
        recipe=tags.get("recipe", ""),
        date=tags.get("date", ""),
        metrics=metrics,
        gate=tags.get("gate", ""),
        run_id=version.run_id or "",
    )


def _log_card(client: MlflowClient, run_id: str, card: Mapping[str, Any]) -> None:
    for name, number in metrics(card).items():
        client.log_metric(run_id, name, number)
    for name, value in parameters(card).items():
        client.log_param(run_id, name, value)


def add_version(
    client: MlflowClient,
    network: Network,
    artifact_root: str | None,
    onnx: Path,
    card: Mapping[str, Any],
    evidence: TrainingArtifacts | None = None,
) -> str:
    """Upload the model with its card and register it as a version of the network; return its number."""
    digest = checked_sha256(onnx, card)
    tags = {"sha256": digest, **{name: str(card[name]) for name in ("recipe", "date", "data_sha256") if name in card}}
    run = client.create_run(experiment(client, artifact_root), run_name=str(card.get("recipe", network.kind)))
    _log_card(client, run.info.run_id, card)
    client.log_inputs(run.info.run_id, descriptions.data_sets(card))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "model")
        folder.mkdir()
        shutil.copyfile(onnx, folder / network.onnx)
        (folder / CARD).write_text(json.dumps({**card, "sha256": digest}, indent=1), encoding="utf-8")
        if evidence:
            log_artifacts(client, run.info.run_id, evidence, Path(temporary, "charts"))
            complete_model(folder, network, evidence)
            tags |= {"keras_sha256": file_sha256(evidence.keras)} if evidence.keras else {}
        client.log_artifacts(run.info.run_id, str(folder), "model")
    client.set_terminated(run.info.run_id)
    source = f"{run.info.artifact_uri}/model"
    description = descriptions.of_version(network, card)
    return str(client.create_model_version(network.registered, source, run.info.run_id, tags, description=description).version)


def experiment(client: MlflowClient, artifact_root: str | None) -> str:
    """Return the id of the experiment of all runs, created if missing; its page opens on its runs."""
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        with already_there_is_fine():
            client.create_experiment(EXPERIMENT, artifact_location=artifact_root, tags=dict(descriptions.OPENS_ON_RUNS))
        found = client.get_experiment_by_name(EXPERIMENT)
    for name, value in descriptions.OPENS_ON_RUNS.items():
        if name not in found.tags:  # type: ignore[union-attr]  # of an earlier version of this program
            client.set_experiment_tag(found.experiment_id, name, value)  # type: ignore[union-attr]
    return str(found.experiment_id)  # type: ignore[union-attr]
