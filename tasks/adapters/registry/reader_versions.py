"""The reader's trainings in MLflow: each a run with its curves and a version of the registered model "digits-reader"."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.adapters.registry.registry import CHALLENGER, Registry
from tasks.adapters.registry.tracking import TrainingArtifacts, log_artifacts

NAME = "digits-reader"


def register_reader(registry: Registry, folder: Path, card: Mapping[str, Any], history: Sequence[Mapping[str, float]]) -> str:
    """Adds the two ONNX files in `folder` with their card as a version with the alias `challenger`; returns its number.

    Raises RegistryError when MLflow does not take them.
    """
    with registry.mlflow() as client:
        if not any(model.name == NAME for model in client.search_registered_models(f"name='{NAME}'")):
            client.create_registered_model(NAME)
        run = client.create_run(registry.experiment(client), run_name="reader").info
        for name, value in card["params"].items():
            client.log_param(run.run_id, name, value)
        with tempfile.TemporaryDirectory() as temporary:
            log_artifacts(client, run.run_id, TrainingArtifacts(history, card["figures"]), Path(temporary, "charts"))
        client.log_artifacts(run.run_id, str(folder), "reader")
        client.set_terminated(run.run_id)
        tags = {name: str(card[name]) for name in ("data_sha256", "date")} | dict(card["sha256"])
        version = client.create_model_version(NAME, f"{run.artifact_uri}/reader", run.run_id, tags=tags)
        client.set_registered_model_alias(NAME, CHALLENGER, str(version.version))
    return str(version.version)
