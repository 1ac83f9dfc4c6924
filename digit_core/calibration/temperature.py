"""Temperature scaling: calibrates probabilities, so that of the digits given 0.9 nine in ten are right."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-12

_GREATEST = 700.0
"""Greatest log odds whose exponential is a number."""

_EXPECTED_NEAR = 0.3
"""Standard deviation of the logarithm of a collection's temperature, as it is expected before a number of it was looked at."""


def tempered(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Scale softmax outputs, shape (n, classes), to another temperature; above 1 lowers the confidence.

    Temperature scaling: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks" (ICML 2017).
    """
    if temperature == 1.0:
        return probabilities
    powered = np.power(np.maximum(probabilities, _TINY), 1 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True), np.float32)


def tempered_confidence(confidence: float, temperature: float) -> float:
    """Scale one confidence, the probability of being right against being wrong, to another temperature."""
    if temperature == 1.0 or not 0 < confidence < 1:
        return confidence
    odds_against = (math.log1p(-confidence) - math.log(confidence)) / temperature
    return 1 / (1 + math.exp(min(odds_against, _GREATEST)))


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    """Find the temperature of maximum likelihood on held-out digits: probabilities (n, classes), labels (n,)."""
    return _likeliest(probabilities, labels, np.ones(len(labels)), 0.0)


def fit_confidences(confidences: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64]) -> float:
    """Find the temperature of the confidences (n,) of a few numbers, of which some are right (n,).

    weights: (n,) how many numbers each stands for; only their proportions count. The temperature of greatest posterior
    probability: it is expected near 1, so that a few numbers do not move it far.
    """
    if not len(right):
        return 1.0
    two = np.stack([1 - confidences, confidences], axis=1).astype(np.float32)
    return _likeliest(two, right.astype(np.int64), weights / weights.mean(), 1 / _EXPECTED_NEAR)


def _likeliest(
    probabilities: NDArray[np.float32], labels: NDArray[np.integer], weights: NDArray[np.float64], nearness: float
) -> float:
    """nearness: inverse standard deviation of the temperature's logarithm, as it is expected; 0 expects nothing."""

    def loss(temperature: float) -> float:
        likelihood = tempered(probabilities, temperature)[np.arange(len(labels)), labels]
        return float(-(weights * np.log(np.maximum(likelihood, _TINY))).sum() + (nearness * math.log(temperature)) ** 2 / 2)

    return min((float(one) for one in np.geomspace(0.25, 4.0, 161)), key=loss)
