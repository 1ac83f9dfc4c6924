"""Softmax and its kin in NumPy: importing scipy.special for them would cost half a second of every start."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", bound=np.floating)

_FAR = 60.0
"""Log odds from which a probability is 0 or 1 in float64, near enough, and exp does not overflow in float32 either."""


def softmax(scores: NDArray[Float]) -> NDArray[Float]:
    """Probabilities along the last axis from scores of any shape, in their dtype; they add up to 1."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def log_sum_exp(scores: NDArray[Float]) -> NDArray[Float]:
    """Logarithm of the sum of the exponentials along the last axis, in the dtype of the scores."""
    top = scores.max(axis=-1)
    return np.asarray(top + np.log(np.exp(scores - top[..., None]).sum(axis=-1)))


def sigmoid(log_odds: NDArray[Float]) -> NDArray[Float]:
    """Probabilities from log odds, in their dtype and shape."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -_FAR, _FAR))))


def log_odds(probability: NDArray[Float]) -> NDArray[Float]:
    """Logarithms of p / (1 - p) for probabilities above 0 and below 1, in their dtype and shape."""
    return np.asarray(np.log(probability / (1 - probability)))
