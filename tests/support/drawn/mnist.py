"""Digits for tests of training: MNIST where it is at hand, and drawn ones everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from digit_core.training.mnist import Labelled, Mnist

BESIDE = Path(__file__).parents[4] / "shared" / "data" / "mnist" / "mnist.npz"


def mnist_file() -> Path:
    """Skips the test where neither DIGITS_MNIST nor ../shared has the file."""
    path = Path(os.environ.get("DIGITS_MNIST", BESIDE))
    if not path.is_file():
        pytest.skip(f"needs MNIST: set DIGITS_MNIST to the path of mnist.npz ({path} is not there)")
    return path


def drawn_digits(count: int, seed: int) -> Labelled:
    """Digits in a printed face, moved and slanted a little: enough to learn from in seconds."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    return np.stack([_drawn(int(label), rng) for label in labels]), labels.astype(np.int64)


def _drawn(label: int, rng: np.random.Generator) -> np.ndarray:
    canvas = np.zeros((28, 28), np.uint8)
    corner = int(rng.integers(4, 9)), int(rng.integers(22, 26))
    cv2.putText(canvas, str(label), corner, cv2.FONT_HERSHEY_SIMPLEX, 0.75, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    slant = np.array([[1, rng.normal(0, 0.1), 0], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(canvas, slant, (28, 28)), np.uint8)


def drawn_mnist(train: int = 600) -> Mnist:
    """Divided as MNIST is, and as small as wanted."""
    return Mnist(drawn_digits(train, 1), drawn_digits(200, 2), drawn_digits(200, 3))
