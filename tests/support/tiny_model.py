"""A model for tests that answers at once. It tells digits by how much ink they have, so it is mostly wrong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tasks.adapters.registry.networks import DETECTOR, STRIP_READER
from tasks.adapters.registry.registry import Registry, ShippedModel

CLASSES = 11


def write(folder: Path) -> ShippedModel:
    """The model and its card in `folder`."""
    weights = np.zeros((28 * 28, CLASSES), np.float32)
    weights[:, :10] = np.linspace(0, 0.2, 10, dtype=np.float32)
    bias = np.array([*np.linspace(12, 0, 10), -20], np.float32)
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 28, 28, 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny.onnx"
    onnx.save(model, path)
    card: dict[str, Any] = {"recipe": "tiny", "accuracy": {}, "date": "2000-01-01"}
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    return ShippedModel(path, folder / "card.json")


def put_into_service(home: Path) -> None:
    """Make it the champion of the registry that `DIGITS_HOME=home` has, with detector and strip reader as they ship."""
    place = f"sqlite:///{home / 'mlflow.db'}", home / "models", (home / "mlruns").as_uri()
    registries = [Registry(*place, write(home / "tiny")), *(Registry(*place, network=one) for one in (DETECTOR, STRIP_READER))]
    for registry in registries:
        registry.begin()
    for registry in registries:  # asked when all is written, so that what it says stands
        registry.champion()
