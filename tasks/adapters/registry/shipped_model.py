"""A model file with its card, which describes how the model was made and has its hash."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digit_core.errors import RegistryError
from digit_core.inference.classifier import SHIPPED_CARD, SHIPPED_MODEL
from tasks.adapters.registry.cache import file_sha256


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """The model that an empty registry begins with. The card of several files has one "sha256" per file."""

    onnx: Path = SHIPPED_MODEL
    card: Path = SHIPPED_CARD

    def read_card(self) -> dict[str, Any]:
        """Read the card. Raises RegistryError if it cannot be read or lacks the model's SHA-256."""
        try:
            card: dict[str, Any] = json.loads(self.card.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RegistryError(f"the card of the shipped model cannot be read ({error}); reinstall archive-digits") from error
        sha256 = card.get("sha256")
        of_this = sha256.get(self.onnx.name) if isinstance(sha256, Mapping) else sha256
        if not of_this:
            raise RegistryError(f"{self.card} does not say the SHA-256 of {self.onnx.name}; reinstall archive-digits")
        return {**card, "sha256": of_this}


def checked_sha256(onnx: Path, card: Mapping[str, Any]) -> str:
    """Return the model's hash. Raises RegistryError if the file cannot be read or its hash differs from the card's."""
    try:
        found = file_sha256(onnx)
    except OSError as error:
        raise RegistryError(f"the model {onnx} cannot be read ({error}); reinstall archive-digits, or train it again") from error
    if card.get("sha256", found) != found:
        raise RegistryError(
            f"{onnx} has SHA-256 {found}, but its card says {card['sha256']}: the file was changed; "
            "reinstall archive-digits, or train the model again"
        )
    return found


_MEASURED = ("accuracy", "figures")


def metrics(card: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers under "accuracy" and "figures", nested ones with dotted names."""
    return {name: float(value) for key in _MEASURED for name, value in _flat(card.get(key, {}))}


def parameters(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return all other entries of the card, nested values with dotted names."""
    return dict(_flat({name: value for name, value in card.items() if name not in _MEASURED}))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
