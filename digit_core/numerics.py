"""Softmax and related functions in NumPy: importing scipy.special would cost half a second at every start."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", bound=np.floating)

_FAR = 60.0
"""Log odds from which a probability is 0 or 1 in float64, near enough, and exp does not overflow in float32 either."""


def softmax(scores: NDArray[Float]) -> NDArray[Float]:
    """Convert scores to probabilities along the last axis, in their dtype; they add up to 1."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def log_sum_exp(scores: NDArray[Float]) -> NDArray[Float]:
    """Return the logarithm of the sum of exponentials along the last axis, in the dtype of the scores."""
    top = scores.max(axis=-1)
    return np.asarray(top + np.log(np.exp(scores - top[..., None]).sum(axis=-1)))


def sigmoid(log_odds: NDArray[Float]) -> NDArray[Float]:
    """Convert log odds to probabilities, in their dtype and shape."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -_FAR, _FAR))))


def log_odds(probability: NDArray[Float]) -> NDArray[Float]:
    """Return the logarithms of p / (1 - p) for probabilities above 0 and below 1, in their dtype and shape."""
    return np.asarray(np.log(probability / (1 - probability)))


def percentile(grey: NDArray[np.uint8], percent: float) -> float:
    """Return a percentile of grey values, interpolated as np.percentile does; counting them is far quicker than sorting."""
    below = np.bincount(grey.ravel(), minlength=256).cumsum()
    place = (int(below[-1]) - 1) * percent / 100
    first = int(place)
    low, high = np.searchsorted(below, (first, min(first + 1, int(below[-1]) - 1)), side="right").tolist()
    return float(low + (high - low) * (place - first))
