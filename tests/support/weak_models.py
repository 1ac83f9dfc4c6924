"""Copies of the shipped model that read worse, for tests of what tells models apart."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from digit_core.inference.classifier import SHIPPED_MODEL


def weakened(path: Path, noise: float, seed: int = 0) -> dict[str, Any]:
    """Writes the shipped model with its weights off by `noise` of their spread, and returns a card for it."""
    model = onnx.load(str(SHIPPED_MODEL))
    rng = np.random.default_rng(seed)
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size > 1:
            off = rng.normal(0, noise * values.std(), values.shape).astype(np.float32)
            weight.CopyFrom(numpy_helper.from_array(values + off, weight.name))
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"sha256": sha256, "recipe": "weakened", "accuracy": {"mnist_test": 0.5}, "date": "2026-01-01"}
