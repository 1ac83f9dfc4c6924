"""The model card: how a model was made and how good it is, for programs (`card.json`) and for people (`README.md`)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from digit_core.training.classifier.calibrate import calibrate_file
from digit_core.training.classifier.training import Trained, export_onnx
from digit_core.training.mnist import MNIST_SHA256, Mnist
from digit_core.training.network_card import terms
from digit_core.training.number_sets import NumberSet

ONNX, KERAS, CARD = "digits.onnx", "model.keras", "card.json"


def save(trained: Trained, mnist: Mnist, folder: Path, today: date, sets: Sequence[NumberSet] = ()) -> dict[str, Any]:
    """Write the model as Keras and ONNX files with its card into `folder`, and return the card. sets: those it learned too."""
    folder.mkdir(parents=True, exist_ok=True)
    trained.model.save(str(folder / KERAS))
    export_onnx(trained, folder / ONNX)
    sha256 = calibrate_file(folder / ONNX, mnist.held_out)
    best = min(range(len(trained.history)), key=lambda epoch: trained.history[epoch]["validation_loss"])
    card = {
        "recipe": trained.recipe.name,
        "network": trained.recipe.network,
        "training": trained.recipe.training,
        "source": trained.recipe.source,
        "sha256": sha256,
        "bytes": (folder / ONNX).stat().st_size,
        "parameters": trained.model.count_params(),
        "data": "MNIST (LeCun, Cortes, Burges)"
        + (", in archive ink (digit_core/synthesis/augmentation.py)" if _in_ink(trained) else ""),
        "data_sha256": MNIST_SHA256,
        "digits_sha256": mnist.digests(),
        "sets": [terms(one) for one in sets],
        "seed": trained.params.seed,
        "batch": trained.params.batch,
        "patience": trained.params.patience,
        "epochs": len(trained.history),
        "best_epoch": best + 1,
        "optimiser": trained.recipe.optimiser.name,
        "learning_rate": trained.params.learning_rate or trained.recipe.optimiser.learning_rate,
        "loss": trained.recipe.loss,
        "seconds": round(trained.seconds, 1),
        "accuracy": {"mnist_test": round(trained.accuracy, 4)},
        "temperature": round(trained.temperature, 4),
        "date": today.isoformat(),
    }
    write_card(folder, card)
    return card


def _in_ink(trained: Trained) -> bool:
    return trained.recipe.distorted or trained.params.augment


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def ship(folder: Path, into: Path) -> None:
    """Copy the model that `save` wrote to `folder`, with its card, to the place of the shipped model."""
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    into.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / ONNX, into / ONNX)
    write_card(into, card)
    (into / "README.md").write_text(for_people(card), encoding="utf-8")


def for_people(card: Mapping[str, Any]) -> str:
    """Format the card as a page of Markdown."""
    accuracy = card["accuracy"]
    rows = [
        (
            "recipe",
            f"`{card['recipe']}` (digit_core/training/classifier/recipes.py), {card['parameters']:,} weights, "
            f"{card['bytes'] / 1e6:.2f} MB of ONNX",
        ),
        ("trained on", f"{card['data']}; SHA-256 of mnist.npz {card['data_sha256']}"),
        ("training", f"{card['epochs']} epochs, seed {card['seed']}, {card['seconds'] / 60:.0f} minutes, {card['date']}"),
        ("accuracy", f"{accuracy['mnist_test']:.2%} of MNIST's 10,000 test digits, which it never saw"),
        *([("in archive ink", f"{accuracy['archive_ink']:.2%} of 5,000 held-out digits")] if "archive_ink" in accuracy else []),
        *((f"digits of {one['name']}", _of_set(one)) for one in card.get("digits_by_set", ())),
        *((f"set {one['name']}", f"{one['source']}, {one['licence']}") for one in card.get("sets", ())),
        ("confidence", f"softmax at temperature {card['temperature']}, fitted on 5,000 digits held out from training"),
        ("file", f"SHA-256 {card['sha256']}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""# Model card

A classifier of single handwritten digits: 28x28 pixels in MNIST's frame in, probabilities of 0-9 and "not a digit" out.

| | |
|---|---|
{table}

Made by `digits train {card["recipe"]} --seed {card["seed"]} --epochs {card["epochs"]}{_with(card)} --ship digit_core/model`.

Meant for handwritten Western digits cut from scans. It was shown printed letters and scribbles as things that
are no digits, and still takes some words for digits; printed digits are read like written ones.
No personal data went into it beyond MNIST{" and these sets" if card.get("sets") else ""}.
"""


def _of_set(one: Mapping[str, Any]) -> str:
    hands = "other hands than it learned from" if one["learned"] else "a collection that it never saw"
    return f"{one['accuracy']:.2%} of {one['digits']:,}, of {hands}"


def _with(card: Mapping[str, Any]) -> str:
    return "".join(f" --with {one['name']}.parquet" for one in card.get("sets", ()))
