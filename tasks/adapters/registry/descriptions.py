"""Texts of MLflow's pages: the purpose of a model, what a version was made from, and the data sets of a training."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tasks.adapters.registry.networks import Network

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

OPENS_ON_RUNS = {"mlflow.experimentKind": "custom_model_development"}
"""Tags of the experiment: without a kind MLflow's page takes it for one of language models, and opens on traces."""

_REPORT = "\n\n# Version "
_DIGEST = 36  # characters that MLflow keeps of one


def of_model(network: Network) -> str:
    """Describe the registered model of a network."""
    return (
        f"The {network.kind} of archive-digits: {network.purpose}. The alias `champion` names the version in service, "
        f"`challenger` the one that wants to be; `{network.how_to_promote}` compares them and moves it."
    )


def of_version(network: Network, card: Mapping[str, Any]) -> str:
    """Describe a version by the most important facts of its card."""
    facts = {"recipe": "recipe {}", "date": "trained on {}", "data": "data: {}", "network": "network: {}"}
    told = [words.format(card[name]) for name, words in facts.items() if card.get(name)]
    return "; ".join([f"A {network.kind}", *told]) + "."


def with_report(description: str, report: str) -> str:
    """Replace the gate's report in a version's description, or add it; a report begins with its heading."""
    return "\n\n".join(part for part in (f"\n\n{description}".partition(_REPORT)[0].strip(), report) if part)


def data_sets(card: Mapping[str, Any]) -> Sequence[DatasetInput]:
    """List the data sets that the model was trained on, by name and the beginning of their SHA-256."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    learned = InputTag("mlflow.data.context", "training")
    return [
        DatasetInput(Dataset(name, sha256[:_DIGEST], "code", json.dumps({"tags": facts})), [learned])
        for name, sha256, facts in _sets(card)
    ]


def _sets(card: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield name, SHA-256 and other facts. All networks are trained on MNIST, whose hash has a field of its own."""
    if sha256 := card.get("data_sha256"):
        yield "MNIST", str(sha256), {"data": str(card.get("data", "")), "sha256": str(sha256)}
    for one in card.get("sets", ()):
        yield str(one["name"]), str(one["sha256"]), {name: str(value) for name, value in one.items() if name != "name"}
