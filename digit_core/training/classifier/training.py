"""Training of a recipe's network with Keras, and its export to ONNX. Keras is imported inside functions only: reading pages never
loads it."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.temperature import fit_temperature, tempered
from digit_core.errors import InputError
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.params import TrainingParams
from digit_core.records import Crops
from digit_core.synthesis.augmentation import archive_digits
from digit_core.training.classifier.keras_data import food, pixels, prepared
from digit_core.training.classifier.recipes import Recipe
from digit_core.training.keras_setup import keras_module
from digit_core.training.mnist import Mnist, read_mnist

Progress = Callable[[int, Mapping[str, float]], None]
"""Called after each epoch (from 0) with train_loss, train_accuracy, validation_loss and validation_accuracy."""

_CLASSES = 11
_STEPS_AT_ONCE = 100  # for small batches, where Keras' overhead between two steps costs more than the step itself


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained network with its figures.

    model: the Keras model with eleven outputs, as it is exported. params: the parameters used; `history`: the metrics of each
    epoch. accuracy: on MNIST's test set. temperature: fitted on held-out digits. seconds: duration of the training.
    """

    recipe: Recipe
    model: Any
    params: TrainingParams
    history: tuple[Mapping[str, float], ...]
    accuracy: float
    temperature: float
    seconds: float


def load_mnist(path: Path | None) -> Mnist:
    """Read `mnist.npz` from `path`, or let Keras fetch it when path is None.

    Raises InputError when the file is missing, cannot be fetched, or is not the canonical one (by SHA-256).
    """
    return read_mnist(path if path is not None else _fetched_mnist())


def _fetched_mnist() -> Path:
    keras = keras_module()
    try:
        keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise InputError(
            "MNIST could not be fetched (is there internet?); put mnist.npz, as keras.datasets.mnist has it, "
            "on this machine and name its path with --mnist or DIGITS_MNIST"
        ) from error
    return Path(keras.config.keras_home()) / "datasets" / "mnist.npz"


def train(recipe: Recipe, mnist: Mnist, params: TrainingParams, progress: Progress) -> Trained:
    """Train the recipe, with the deviations in `params`. The same seed gives the same digits and weights.

    With `patience` the training ends when the validation loss has not fallen for so many epochs, and the best weights are
    restored; a recipe without validation digits then uses as many as are held out.
    """
    keras = keras_module()
    started = time.monotonic()
    params = replace(params, epochs=params.epochs or recipe.epochs, batch=params.batch or recipe.batch)
    keras.utils.set_random_seed(params.seed)
    learned, watched = mnist.split(_validation(recipe, mnist, params))
    model = recipe.build(keras)
    _compile(keras, model, recipe, params, len(learned[0]))
    history: list[Mapping[str, float]] = []

    def tell(epoch: int, logs: Mapping[str, float]) -> None:
        history.append(_renamed(logs))
        progress(epoch, history[-1])

    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=tell)]
    if params.patience:
        callbacks.append(keras.callbacks.EarlyStopping(patience=params.patience, restore_best_weights=True))
    model.fit(
        **food(keras, recipe, learned, params),
        epochs=params.epochs,
        validation_data=prepared(recipe, watched if len(watched[0]) else mnist.held_out),
        callbacks=callbacks,
        verbose=0,
    )
    reader = _with_eleven_outputs(keras, model)
    return Trained(
        recipe,
        reader,
        params,
        tuple(history),
        accuracy=float((probabilities(reader, mnist.test[0]).argmax(axis=1) == mnist.test[1]).mean()),
        temperature=_temperature(reader, recipe, mnist),
        seconds=time.monotonic() - started,
    )


def _validation(recipe: Recipe, mnist: Mnist, params: TrainingParams) -> int:
    """Return the number of validation digits besides the held-out ones, which are part of a recipe's share."""
    held_out = len(mnist.held_out[0])
    kept = max(0, round(recipe.validation * (len(mnist.train[0]) + held_out)) - held_out)
    return held_out if params.patience and not kept else kept


def _compile(keras: Any, model: Any, recipe: Recipe, params: TrainingParams, digits: int) -> None:
    steps = -(-digits // params.batch)
    optimiser = replace(recipe.optimiser, learning_rate=params.learning_rate or recipe.optimiser.learning_rate)
    model.compile(
        optimiser.build(keras, steps, params.epochs),
        recipe.loss,
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=_STEPS_AT_ONCE if params.batch <= 32 and steps > _STEPS_AT_ONCE else 1,
    )


def _renamed(logs: Mapping[str, float]) -> dict[str, float]:
    """Rename Keras' `loss` and `val_loss` to say on which digits."""
    return {
        f"validation_{name[4:]}" if name.startswith("val_") else f"train_{name}": float(value) for name, value in logs.items()
    }


def _with_eleven_outputs(keras: Any, model: Any) -> Any:
    """Convert the model to the form that is exported: eleven probabilities that sum to 1.

    A network of ten outputs gets an eleventh, "not a digit", that is always 0. Ten sigmoids become the softmax of their logits,
    as Keras' cross-entropy of classes treats them in training; the order of the answers is the same.
    """
    last = model.layers[-1]
    if last.units == _CLASSES:
        return model
    ten = model.outputs[0]
    if last.activation is keras.activations.sigmoid:
        softmax = keras.layers.Dense(last.units, activation="softmax", name="probabilities")
        ten = softmax(last.input)
        softmax.set_weights(last.get_weights())
    return keras.Model(model.inputs, keras.ops.pad(ten, [[0, 0], [0, 1]]), name=model.name)


def _temperature(model: Any, recipe: Recipe, mnist: Mnist) -> float:
    """Fit the temperature on held-out digits in the training's ink: on clean digits a model of archive ink would become
    overconfident."""
    digits = mnist.held_out
    if recipe.distorted:
        digits = archive_digits(*digits, np.random.default_rng(0), strangers=recipe.strangers)
    return fit_temperature(probabilities(model, digits[0]), digits[1])


def probabilities(model: Any, crops: Crops) -> NDArray[np.float32]:
    """Return a Keras model's probabilities of crops (n, 28, 28), before temperature: shape (n, 11), rows sum to 1."""
    return np.asarray(model.predict(pixels(crops), batch_size=1024, verbose=0), np.float32)


def parity(model: Any, onnx: Path, temperature: float, crops: Crops) -> float:
    """Return the largest difference between the probabilities of the Keras model and of its ONNX file, both at this
    temperature."""
    by_keras = tempered(probabilities(model, crops), temperature)
    return float(np.abs(by_keras - OnnxRecogniser(onnx, "")(crops)).max())


def export_onnx(trained: Trained, path: Path) -> str:
    """Write the model as ONNX with its temperature in its metadata, and return the file's SHA-256."""
    import onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx uses a deprecated NumPy name
        trained.model.export(str(path), format="onnx", verbose=False)
    graph = onnx.load(str(path))
    onnx.helper.set_model_props(graph, {"recipe": trained.recipe.name, "temperature": f"{trained.temperature:.4f}"})
    data = graph.SerializeToString()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
