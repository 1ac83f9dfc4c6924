"""Training data for Keras: the same digits in another order each epoch, or fresh ones in archive ink."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.params import TrainingParams
from digit_core.records import Crops
from digit_core.synthesis.augmentation import archive_digits
from digit_core.training.classifier.recipes import Recipe
from digit_core.training.mnist import Labelled


def food(keras: Any, recipe: Recipe, learned: Labelled, params: TrainingParams) -> dict[str, Any]:
    """Build the data arguments of Keras' `fit`; `keras` is the module."""
    if recipe.distorted or params.augment:
        return {"x": _archive_ink(keras, recipe, learned, params), "shuffle": False}
    x, y = prepared(recipe, learned)
    return {"x": x, "y": y, "batch_size": params.batch, "shuffle": True}


def _archive_ink(keras: Any, recipe: Recipe, learned: Labelled, params: TrainingParams) -> Any:
    """Build a Keras dataset of digits that are redrawn for each epoch."""
    fresh = _epochs(learned, params.seed, params.epochs, recipe.strangers)

    class ArchiveInk(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._now = next(fresh)

        def __len__(self) -> int:
            return -(-len(self._now[0]) // params.batch)

        def __getitem__(self, step: int) -> Any:
            part = slice(step * params.batch, (step + 1) * params.batch)
            return prepared(recipe, (self._now[0][part], self._now[1][part]))

        def on_epoch_end(self) -> None:
            self._now = next(fresh, self._now)

    return ArchiveInk()


def _epochs(learned: Labelled, seed: int, epochs: int, strangers: float) -> Iterator[Labelled]:
    """Yield fresh digits every epoch; the next ones are drawn while the network trains on these."""

    def write(epoch: int) -> Labelled:
        return archive_digits(*learned, np.random.default_rng((seed, epoch)), strangers=strangers)

    with ThreadPoolExecutor(1) as writer:
        coming = writer.submit(write, 0)
        for epoch in range(epochs):
            now = coming.result()
            if epoch + 1 < epochs:
                coming = writer.submit(write, epoch + 1)
            yield now


def prepared(recipe: Recipe, digits: Labelled) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return pixels, and labels in the form of the recipe's loss."""
    images, labels = digits
    return pixels(images), np.eye(10, dtype=np.float32)[labels] if recipe.one_hot else labels


def pixels(images: Crops) -> NDArray[np.float32]:
    """Convert crops (n, 28, 28) to network input: (n, 28, 28, 1) in [0, 1]."""
    return (images[..., np.newaxis] / np.float32(255)).astype(np.float32)
