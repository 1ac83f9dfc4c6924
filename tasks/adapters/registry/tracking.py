"""Artifacts of a training in MLflow beside its model: metrics by epoch, figures, pictures, the Keras file, the signature."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.adapters.registry.networks import Network

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

KERAS = "model.keras"
_AT_ONCE = 1_000  # maximum number of metrics in one call to MLflow


@dataclass(frozen=True, slots=True)
class TrainingArtifacts:
    """Artifacts of a training.

    history: the metrics of each epoch; figures: others, by name; pictures: PNG files by name; keras: the `.keras` file.
    """

    history: Sequence[Mapping[str, float]] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    keras: Path | None = None


def log_artifacts(client: MlflowClient, run_id: str, evidence: TrainingArtifacts, folder: Path) -> None:
    """Write metrics and pictures to the run; `folder` holds the pictures temporarily."""
    metrics = _metrics(evidence)
    while some := list(islice(metrics, _AT_ONCE)):
        client.log_batch(run_id, metrics=some)
    folder.mkdir()
    for name, data in evidence.pictures.items():
        (folder / name).write_bytes(data)
    if evidence.pictures:
        client.log_artifacts(run_id, str(folder), "charts")


def _metrics(evidence: TrainingArtifacts) -> Iterator[Metric]:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    for epoch, metrics in enumerate(evidence.history, start=1):
        for name, value in metrics.items():
            yield Metric(name, value, now, epoch)
    for name, value in evidence.figures.items():
        yield Metric(name, value, now, 0)


def complete_model(folder: Path, network: Network, evidence: TrainingArtifacts) -> None:
    """Put beside the ONNX file what makes the folder a model for MLflow: its signature, and the Keras file it came from."""
    import numpy as np
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    name, shape = network.inputs
    inputs = Schema([TensorSpec(np.dtype(np.float32), shape, name)])
    outputs = Schema([TensorSpec(np.dtype(np.float32), network.outputs)])
    model = Model(signature=ModelSignature(inputs, outputs))
    model.add_flavor("onnx", data=network.onnx, onnx_version=_onnx_version(), code=None)
    model.save(str(folder / "MLmodel"))
    if evidence.keras:
        shutil.copyfile(evidence.keras, folder / KERAS)


def _onnx_version() -> str:
    from importlib.metadata import version

    return version("onnx")
