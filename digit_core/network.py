"""The recipes: published networks and our own, how they are trained on MNIST, and their export to ONNX.

The only file that imports TensorFlow (through Keras), and only inside functions: reading pages never loads it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.augment import archive_digits
from digit_core.confidence import fit_temperature
from digit_core.errors import InputError

MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
"""Of `mnist.npz` in the layout of keras.datasets.mnist (LeCun, Cortes, Burges 1998)."""

HELD_OUT = 5_000
"""The last digits of MNIST's training set are never trained on: they calibrate the confidence."""


@dataclass(frozen=True, slots=True)
class Mnist:
    """Images (n, 28, 28) uint8 and labels (n,) int64: to train on, to calibrate with, to test with."""

    train: tuple[NDArray[np.uint8], NDArray[np.int64]]
    held_out: tuple[NDArray[np.uint8], NDArray[np.int64]]
    test: tuple[NDArray[np.uint8], NDArray[np.int64]]


def load_mnist(path: Path | None) -> Mnist:
    """Reads `mnist.npz` from `path`, or lets Keras fetch it when path is None.

    Raises InputError when the file is missing, cannot be fetched, or is not the canonical one (by SHA-256).
    """
    file = path if path is not None else _fetched_mnist()
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


def _fetched_mnist() -> Path:
    keras = _keras()
    try:
        keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise InputError(
            "MNIST could not be fetched (is there internet?); put mnist.npz, as keras.datasets.mnist has it, "
            "on this machine and name its path with --mnist or DIGITS_MNIST"
        ) from error
    return Path(keras.config.keras_home()) / "datasets" / "mnist.npz"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and how it is trained. `build` returns an uncompiled Keras model on (28, 28, 1) pixels in [0, 1]."""

    name: str
    source: str
    build: Callable[[], Any]
    epochs: int
    batch: int = 128
    learning_rate: float = 2e-3


def archive() -> Any:
    """Ours: a small convolutional network with an output for "not a digit", light enough to read 1,200 digits in 60 ms."""
    keras = _keras()
    layers = keras.layers

    def block(x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.Activation("relu")(layers.BatchNormalization()(x))

    pixels = keras.Input((28, 28, 1), name="pixels")
    x = block(pixels, 16, size=5, stride=2)
    x = block(x, 32)
    x = layers.MaxPool2D()(x)
    x = block(x, 64)
    x = layers.MaxPool2D(padding="same")(x)
    x = block(x, 96)
    x = layers.Dropout(0.15)(layers.Flatten()(x))
    x = layers.Dropout(0.25)(layers.Dense(128, activation="relu")(x))
    return keras.Model(pixels, layers.Dense(11, activation="softmax", name="classes")(x), name="archive")


RECIPES = {recipe.name: recipe for recipe in [Recipe("archive", "this project", archive, epochs=40)]}


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model with what it is worth: `accuracy` on MNIST's test set, `temperature` fitted on held-out digits."""

    recipe: str
    model: Any
    seed: int
    epochs: int
    accuracy: float
    temperature: float


def train(recipe: Recipe, mnist: Mnist, *, seed: int, epochs: int, progress: Callable[[int, dict[str, float]], None]) -> Trained:
    """Trains by the recipe; `progress(epoch, metrics)` is called after each epoch. The same seed gives the same digits."""
    keras = _keras()
    keras.utils.set_random_seed(seed)
    model = recipe.build()
    steps = -(-len(mnist.train[0]) // recipe.batch)
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-5, epochs * steps, alpha=0.005, warmup_target=recipe.learning_rate, warmup_steps=steps
    )
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=5e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch, (images, labels) in enumerate(_epochs(mnist, seed, epochs)):
        history = model.fit(_pixels(images), labels, batch_size=recipe.batch, verbose=0, shuffle=False)
        held_out = dict(
            zip(("loss", "accuracy"), model.evaluate(_pixels(mnist.held_out[0]), mnist.held_out[1], verbose=0), strict=True)
        )
        progress(
            epoch, {f"train_{k}": v[-1] for k, v in history.history.items()} | {f"held_out_{k}": v for k, v in held_out.items()}
        )
    accuracy = float(model.evaluate(_pixels(mnist.test[0]), mnist.test[1], verbose=0)[1])
    return Trained(recipe.name, model, seed, epochs, accuracy, _temperature(model, mnist))


def _temperature(model: Any, mnist: Mnist) -> float:
    """Fitted on held-out digits in archive ink: on MNIST's clean ones a model would be taught to be too sure of itself."""
    crops, labels = archive_digits(*mnist.held_out, np.random.default_rng(0))
    return fit_temperature(model.predict(_pixels(crops), verbose=0), labels)


def _epochs(mnist: Mnist, seed: int, epochs: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Fresh digits every epoch, the next one being written while this one is learned."""

    def write(epoch: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        return archive_digits(*mnist.train, np.random.default_rng((seed, epoch)))

    with ThreadPoolExecutor(1) as writer:
        coming = writer.submit(write, 0)
        for epoch in range(epochs):
            now = coming.result()
            if epoch + 1 < epochs:
                coming = writer.submit(write, epoch + 1)
            yield now


def _pixels(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (images[..., np.newaxis] / np.float32(255)).astype(np.float32)


def ship(trained: Trained, folder: Path, today: date) -> Path:
    """Writes `digits.onnx` with its model card (`card.json` for programs, `README.md` for people) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "digits.onnx"
    card = {
        "recipe": trained.recipe,
        "sha256": export_onnx(trained, file),
        "bytes": file.stat().st_size,
        "parameters": trained.model.count_params(),
        "data": "MNIST (LeCun, Cortes, Burges), distorted by digit_core/augment.py",
        "data_sha256": MNIST_SHA256,
        "epochs": trained.epochs,
        "seed": trained.seed,
        "accuracy": {"mnist_test": round(trained.accuracy, 4)},
        "temperature": round(trained.temperature, 4),
        "date": today.isoformat(),
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    (folder / "README.md").write_text(_card_for_people(card))
    return file


def _card_for_people(card: dict[str, Any]) -> str:
    return f"""# Model card

A classifier of single handwritten digits: 28x28 pixels in MNIST's frame in, probabilities of 0-9 and "not a digit" out.

| | |
|---|---|
| recipe | `{card["recipe"]}` (digit_core/network.py), {card["parameters"]:,} weights, {card["bytes"] / 1e6:.2f} MB of ONNX |
| trained on | {card["data"]}; SHA-256 of mnist.npz {card["data_sha256"]} |
| training | {card["epochs"]} epochs, seed {card["seed"]}, {card["date"]} |
| accuracy | {card["accuracy"]["mnist_test"]:.2%} of MNIST's 10,000 test digits, which it never saw |
| confidence | softmax at temperature {card["temperature"]}, fitted on 5,000 digits held out from training |
| file | SHA-256 {card["sha256"]} |

Meant for handwritten Western digits cut from scans. It was not trained on print, and not on words: both can be taken
for digits. No personal data went into it beyond MNIST.
"""


def export_onnx(trained: Trained, path: Path) -> str:
    """Writes the model as ONNX with its temperature in its metadata, and returns the file's SHA-256."""
    import onnx

    trained.model.export(str(path), format="onnx", verbose=False)
    graph = onnx.load(str(path))
    onnx.helper.set_model_props(graph, {"recipe": trained.recipe, "temperature": f"{trained.temperature:.4f}"})
    data = graph.SerializeToString()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def _keras() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    import keras

    return keras
