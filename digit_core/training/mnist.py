"""MNIST from its file, checked by hash, and split in the one way that every recipe, calibration and comparison shares."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError

MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
"""SHA-256 of `mnist.npz` in the layout of keras.datasets.mnist (LeCun, Cortes, Burges 1998)."""

HELD_OUT = 5_000
"""Number of digits at the end of MNIST's training set that are never trained on: they calibrate the confidence."""

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images (n, 28, 28) uint8 and labels (n,) int64."""


@dataclass(frozen=True, slots=True)
class Mnist:
    """MNIST's digits to train on, to calibrate with, to test with; `reviewed` digits and those `of_sets` are learned too."""

    train: Labelled
    held_out: Labelled
    test: Labelled
    reviewed: Labelled | None = None
    of_sets: Labelled | None = None

    def split(self, validation: int) -> tuple[Labelled, Labelled]:
        """Return the training digits, MNIST's first, and the last `validation` digits before the held-out ones."""
        images, labels = self.train
        end = len(images) - validation
        learned, kept = (images[:end], labels[:end]), (images[end:], labels[end:])
        return together([learned, *(part for part in (self.reviewed, self.of_sets) if part is not None)]), kept

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each part, by its name."""
        parts = {
            "train": self.train,
            "held_out": self.held_out,
            "test": self.test,
            "reviewed": self.reviewed,
            "of_sets": self.of_sets,
        }
        return {name: digest(part) for name, part in parts.items() if part is not None}


def read_mnist(file: Path) -> Mnist:
    """Read MNIST. Raises InputError when the file is missing, or is not the canonical `mnist.npz` (by SHA-256)."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"MNIST cannot be read from {file} ({error.strerror}); name the path of mnist.npz") from error
    found = hashlib.sha256(data).hexdigest()
    if found != MNIST_SHA256:
        raise InputError(f"{file} is not MNIST as Keras ships it: its SHA-256 is {found}, expected {MNIST_SHA256}; fetch it anew")
    with np.load(file, allow_pickle=False) as arrays:
        x, y = arrays["x_train"], arrays["y_train"].astype(np.int64)
        test = arrays["x_test"], arrays["y_test"].astype(np.int64)
    return Mnist((x[:-HELD_OUT], y[:-HELD_OUT]), (x[-HELD_OUT:], y[-HELD_OUT:]), test)


def digest(digits: Labelled) -> str:
    """Return the SHA-256 over the pixels and then the labels (as int64)."""
    images, labels = digits
    return hashlib.sha256(np.ascontiguousarray(images).tobytes() + labels.astype("<i8").tobytes()).hexdigest()


def together(parts: Sequence[Labelled]) -> Labelled:
    """Join labelled digits, in order; one part is returned as it is."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])
