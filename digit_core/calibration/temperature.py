"""Confidence that means something: probabilities scaled so that of the digits given 0.9, nine in ten are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-12


def tempered(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Softmax outputs, shape (n, classes), as they would be at another temperature: above 1 is less sure of itself.

    Temperature scaling: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks" (ICML 2017).
    """
    if temperature == 1.0:
        return probabilities
    powered = np.power(np.maximum(probabilities, _TINY), 1 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True), np.float32)


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    """The temperature at which digits held out from training, shape (n, classes) and (n,), are likeliest."""
    candidates = np.geomspace(0.25, 4.0, 161)
    return float(min(candidates, key=lambda temperature: _loss(tempered(probabilities, float(temperature)), labels)))


def _loss(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], _TINY)).mean())
