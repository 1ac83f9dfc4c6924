"""Temperature scaling: calibrates probabilities, so that of the digits given 0.9 nine in ten are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-12


def tempered(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Scale softmax outputs, shape (n, classes), to another temperature; above 1 lowers the confidence.

    Temperature scaling: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks" (ICML 2017).
    """
    if temperature == 1.0:
        return probabilities
    powered = np.power(np.maximum(probabilities, _TINY), 1 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True), np.float32)


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    """Find the temperature of maximum likelihood on held-out digits: probabilities (n, classes), labels (n,)."""
    candidates = np.geomspace(0.25, 4.0, 161)
    return float(min(candidates, key=lambda temperature: _loss(tempered(probabilities, float(temperature)), labels)))


def _loss(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], _TINY)).mean())
