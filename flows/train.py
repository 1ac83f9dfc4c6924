"""The flow `train`: from a recipe to a challenger in the model registry. The stages are in `tasks.train`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from pydantic import Field

from digit_core.params import TrainingParams
from digit_core.training.classifier.card import ship as ship_model
from digit_core.training.classifier.recipes import recipe as find_recipe
from digit_core.training.classifier.reviewed_digits import TrainingSet
from flows.networks import registry
from flows.options import described
from flows.settings import Settings, load_settings
from flows.workspace import spool
from tasks.adapters.storage.storage import Storage
from tasks.adapters.training_sets import TrainingSets
from tasks.train import assess, data, fit, register
from tasks.train_networks import read_sets


def _nobody(epoch: int, metrics: Mapping[str, float]) -> None:
    """Ignore the epoch."""


watching: ContextVar[Callable[[int, Mapping[str, float]], None]] = ContextVar("watching", default=_nobody)
"""Callback for every epoch (from 0) with its metrics; set before the flow is called."""


@dataclass(frozen=True)
class Registered:
    """Result of a training: the version in the registry, its card and its other figures."""

    version: str
    card: dict[str, Any]
    figures: dict[str, float]

    @property
    def accuracy(self) -> float:
        """Return the accuracy on MNIST's test set."""
        return float(self.card["accuracy"]["mnist_test"])


@flow(name="train", flow_run_name="train {recipe}", persist_result=False)
@described
def train(
    recipe: Annotated[str, Field(description="One of `digits recipes`.")],
    mnist: Annotated[str | None, Field(description="Path of mnist.npz. Default: the setting DIGITS_MNIST.")] = None,
    with_reviewed: Annotated[bool, Field(description="Train on the digits that people reviewed, too.")] = False,
    sets: Annotated[Sequence[str], Field(description="Number sets whose digits are trained on, too.")] = (),
    measure: Annotated[Sequence[str], Field(description="Number sets that are only measured, at the end.")] = (),
    ship: Annotated[str | None, Field(description="Folder to save the model and its card in.")] = None,
    seed: Annotated[int, Field(description="The same seed gives the same model.")] = 1,
    epochs: Annotated[int, Field(description="Passes over all digits; 0: the recipe's.")] = 0,
    batch: Annotated[int, Field(description="Batch size; 0: the recipe's.")] = 0,
    learning_rate: Annotated[float, Field(description="Learning rate of the optimiser; 0: the recipe's.")] = 0.0,
    patience: Annotated[int, Field(description="Stop after so many epochs without a better validation loss; 0: never.")] = 0,
    augment: Annotated[bool, Field(description="Train on digits in archive ink, whatever the recipe says.")] = False,
) -> Registered:
    """Train RECIPE, evaluate it on MNIST's test set, and register it with the alias `challenger`.

    mnist: path of mnist.npz, by default the setting DIGITS_MNIST, else Keras fetches it. with_reviewed: also train on the newest
    set of reviewed digits. sets: number sets whose training rows give more digits; measure: sets that are only classified at the
    end. ship: a folder to save the model and its card in. 0 leaves a value to the recipe. Raises InputError
    for an unknown recipe, an invalid file or set, or missing reviewed digits, RegistryError when the model cannot be registered.
    """
    settings = load_settings()
    name = find_recipe(recipe).name
    params = TrainingParams(seed, epochs, batch, learning_rate, patience, augment)
    path = Path(mnist) if mnist else settings.mnist
    reviewed = _reviewed(settings) if with_reviewed else None
    known = read_sets([Path(one) for one in sets], [Path(one) for one in measure])
    folder = settings.spool_folder / f"train-{uuid.uuid4().hex}"
    with spool(folder):
        digits = data(name, path, reviewed, known.learned, seed)
        fitted = fit(name, digits, params, folder / "model", watching.get(), known.learned)
        assessed = assess(fitted, digits, known.learned, known.measured)
        version = register(registry(settings), fitted, assessed)
        if ship:
            ship_model(fitted.folder, Path(ship))
    result = Registered(version, assessed.card, assessed.figures)
    create_markdown_artifact(_summary(result), key="digits-training", description=f"train {name}")
    return result


def _reviewed(settings: Settings) -> TrainingSet:
    return TrainingSets(Storage(settings.storage_options), settings.training_folder).require()


def _summary(result: Registered) -> str:
    """Summarise a training in a few lines of Markdown."""
    facts = {"version": result.version, "seconds": result.card["seconds"], **result.card["accuracy"], **result.figures}
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return f"# {result.card['recipe']}\n\n| | |\n|---|---|\n{rows}\n"
