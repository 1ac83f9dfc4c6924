"""The networks that read a page, each a registered model in MLflow with its own versions, champion and challenger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from digit_core.inference.shipped import SHIPPED_DETECTOR, SHIPPED_DETECTOR_CARD, SHIPPED_READER_CARD, SHIPPED_STRIP_READER
from digit_core.params import NetworkName
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.shipped_model import ShippedModel


@dataclass(frozen=True, slots=True)
class Network:
    """Description of a network.

    kind: its name for people; purpose: what it does; option: the run option (and setting) that chooses a version; registered:
    its name in MLflow; onnx: the file name in a version; inputs, outputs: name and shape of each tensor, -1 for any size;
    shipped: the file that an empty registry begins with.
    """

    kind: str
    option: str
    registered: str
    onnx: str
    inputs: tuple[str, tuple[int, ...]]
    outputs: tuple[int, ...]
    shipped: ShippedModel
    purpose: str

    @property
    def how_to_promote(self) -> str:
        """Return the command that puts a version of this network into service."""
        flag = "" if self.option == "classifier" else f" --network {self.option.replace('_', '-')}"
        return f"digits promote VERSION{flag}"


CLASSIFIER = Network(
    *("classifier", "classifier", "digits", "digits.onnx", ("pixels", (-1, 28, 28, 1)), (-1, 11), ShippedModel()),
    "tells of a single character, 28x28 pixels, which digit it is, or that it is none",
)
DETECTOR = Network(
    *("detector", "detector", "digits-detector", "finder.onnx", ("patches", (-1, -1, -1, 1)), (-1, -1, -1, -1)),
    ShippedModel(SHIPPED_DETECTOR, SHIPPED_DETECTOR_CARD),
    "finds the characters of numbers on a page",
)
STRIP_READER = Network(
    *("strip reader", "strip_reader", "digits-strip-reader", "reader.onnx", ("strips", (-1, -1, -1, 1)), (-1, -1, -1)),
    ShippedModel(SHIPPED_STRIP_READER, SHIPPED_READER_CARD),
    "reads a whole number out of its strip of the page",
)
NETWORKS = (CLASSIFIER, DETECTOR, STRIP_READER)


def network_named(name: NetworkName) -> Network:
    """Return the network with this name."""
    return next(one for one in NETWORKS if one.option == name.value.replace("-", "_"))


@dataclass(frozen=True, slots=True)
class NetworkFiles:
    """The version of each network that one run reads with. Field names are the option names in NETWORKS."""

    classifier: ModelFile
    detector: ModelFile
    strip_reader: ModelFile

    def __iter__(self) -> Iterator[ModelFile]:
        return (getattr(self, one.name) for one in fields(self))

    @property
    def note(self) -> str:
        """Join the notes for the user, such as that the registry could not be reached, without repeats."""
        return "; ".join(dict.fromkeys(file.note for file in self if file.note))
