"""The stages of a training: data -> fit -> assess -> register. The work itself is in digit_core and in the adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from prefect import task

from digit_core.evaluation.classifier_metrics import accuracy, figures
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.params import TrainingParams
from digit_core.records import NOT_A_DIGIT
from digit_core.synthesis.augmentation import archive_digits
from digit_core.training.classifier import training as classifier_training
from digit_core.training.classifier.card import KERAS, ONNX, save, write_card
from digit_core.training.classifier.real_digits import digits_of
from digit_core.training.classifier.recipes import recipe
from digit_core.training.classifier.reviewed_digits import TrainingSet
from digit_core.training.mnist import Labelled, Mnist, together
from digit_core.training.number_sets import TRAIN, NumberSet
from digit_core.training.set_exam import examine_digits
from digit_core.visualisation.training_charts import training_charts
from tasks.adapters.registry.registry import CHALLENGER, Registry
from tasks.adapters.registry.tracking import TrainingArtifacts
from tasks.retries import STAGE


@dataclass(frozen=True)
class Fitted:
    """A trained model in `folder`, its card, the metrics of each epoch; `parity`: largest difference of ONNX and Keras
    outputs."""

    folder: Path
    card: dict[str, Any]
    history: tuple[Mapping[str, float], ...]
    parity: float


@dataclass(frozen=True)
class Assessed:
    """The card with every accuracy, other figures on MNIST's test set by name, and pictures: PNG files by name."""

    card: dict[str, Any]
    figures: dict[str, float]
    pictures: dict[str, bytes]


@task(name="data", **STAGE)
def data(name: str, mnist: Path | None, reviewed: TrainingSet | None, sets: Sequence[NumberSet] = (), seed: int = 1) -> Mnist:
    """Load MNIST, checked by its hash; add the reviewed digits, if any, that the recipe can use, and those of the sets."""
    digits = classifier_training.load_mnist(mnist)
    if reviewed:
        digits = replace(digits, reviewed=_learnable(name, reviewed.digits))
    if sets:
        reader, rng = OnnxReader(), np.random.default_rng(seed)
        digits = replace(digits, of_sets=together([digits_of(one.of(TRAIN), reader, rng) for one in sets]))
    return digits


def _learnable(name: str, digits: Labelled) -> Labelled:
    """Drop non-digits for networks without an output for them."""
    images, labels = digits
    kept = labels < NOT_A_DIGIT if not recipe(name).strangers else labels <= NOT_A_DIGIT
    return images[kept], labels[kept]


@task(name="fit", task_run_name="fit {name}", **STAGE)
def fit(
    name: str,
    digits: Mnist,
    params: TrainingParams,
    folder: Path,
    progress: classifier_training.Progress,
    sets: Sequence[NumberSet] = (),
) -> Fitted:
    """Train the recipe and write the model as Keras and ONNX files."""
    trained = classifier_training.train(recipe(name), digits, params, progress)
    card = save(trained, digits, folder, date.today(), sets)
    parity = classifier_training.parity(trained.model, folder / ONNX, card["temperature"], digits.test[0])
    return Fitted(folder, card, trained.history, parity)


@task(name="assess", **STAGE)
def assess(fitted: Fitted, digits: Mnist, learned: Sequence[NumberSet] = (), measured: Sequence[NumberSet] = ()) -> Assessed:
    """Evaluate the exported ONNX file, which is what will be used, also on the digits of sets that it did not learn; complete
    its card."""
    reader = OnnxRecogniser(fitted.folder / ONNX, "")
    images, labels = digits.test
    probabilities = reader(images)
    ink = archive_digits(*digits.held_out, np.random.default_rng(0), strangers=0.0)
    accuracies = {
        "mnist_test": round(accuracy(probabilities, labels), 4),
        "held_out": round(accuracy(reader(digits.held_out[0]), digits.held_out[1]), 4),
        "archive_ink": round(accuracy(reader(ink[0]), ink[1]), 4),
    }
    finder = OnnxReader()
    by_set = [examine_digits(one, one in learned, finder, reader) for one in (*learned, *measured)]
    card = {**fitted.card, "accuracy": accuracies, "digits_by_set": [asdict(one) for one in by_set if one is not None]}
    write_card(fitted.folder, card)
    found = {f"test_{name}": value for name, value in figures(probabilities, labels).items()} | {"onnx_parity": fitted.parity}
    return Assessed(card, found, training_charts(fitted.history, images, probabilities, labels, card["recipe"]))


@task(name="register", **STAGE)
def register(registry: Registry, fitted: Fitted, assessed: Assessed) -> str:
    """Register a new version with the alias `challenger` and everything measured; return its number."""
    registry.begin()
    evidence = TrainingArtifacts(fitted.history, assessed.figures, assessed.pictures, fitted.folder / KERAS)
    return registry.register(fitted.folder / ONNX, assessed.card, CHALLENGER, evidence)
