"""Export of the trained strip reader to an ONNX file with metadata, quantised to 8 bits if that is as accurate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, COLUMN, STRIP_HEIGHT
from digit_core.inference.onnx import onnx_session
from digit_core.synthesis.number_strips import Strip
from digit_core.training.quantization import Exported, export_quantised
from digit_core.training.strip_reader.batches import batch_of, in_unit, some_batches
from digit_core.training.strip_reader.network import TrainingState, averaged_network, between, network_of

_OF_THE_NEW = 0.75
"""Share of the trained weights in a network that was trained further; from 0.5 to 1 the dev rows of three sets read alike."""

_SAMPLE = 200
_TAIL = 5
"""Number of convolutions along the line that stay in floating point: quantised they cost two strips of a hundred, and save a
quarter of the time."""


def export_strip_reader(state: TrainingState, strips: Sequence[Strip], path: Path, start: Path | None = None) -> Exported:
    """Export the network with the averaged weights of a state; start: the exported network that its training started from, whose
    weights count for a quarter. The first 200 strips give the value ranges of the layers; the others, not trained on either,
    decide whether the quantised network is as accurate."""
    network = averaged_network(state)
    if start is not None:
        batches = some_batches(strips, np.random.default_rng(0))
        network = between(network_of(start, batches), network, _OF_THE_NEW, batches)
    network(np.zeros((1, STRIP_HEIGHT, 64, 1), np.float32))  # Keras exports only models that were called once
    measured, judged = strips[:_SAMPLE], strips[_SAMPLE:]
    pictures = (in_unit(batch_of([strip])[0])[..., np.newaxis] for strip in measured)
    exported = export_quantised(
        network, path, pictures, lambda file: _exact(file, judged), plain_tail=_TAIL, only_convolutions=True
    )
    _describe(path)
    return exported


def _exact(path: Path, strips: Sequence[Strip]) -> float:
    """Return the share of strips whose likeliest path of columns is their text."""
    session = onnx_session(path)
    order = sorted(strips, key=lambda strip: strip.pixels.shape[1])
    right = 0
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        (scores,) = session.run(None, {session.get_inputs()[0].name: in_unit(batch_of(batch)[0])[..., np.newaxis]})
        right += sum(best_path(row) == strip.text for row, strip in zip(scores, batch, strict=True))
    return right / max(1, len(strips))


def best_path(scores: NDArray[np.floating[Any]]) -> str:
    """Return the text of the likeliest class of each column (columns, 1 + characters): repetitions are merged, class 0
    separates."""
    best = scores.argmax(axis=1)
    chosen = best[(best > 0) & (np.diff(best, prepend=0) != 0)]
    return "".join(CHARACTERS[i - 1] for i in chosen)


def _describe(path: Path) -> None:
    """Write the classes and the form of the strips into the file's metadata."""
    import onnx

    graph = onnx.load(str(path))
    onnx.helper.set_model_props(graph, {"characters": CHARACTERS, "height": str(STRIP_HEIGHT), "column": str(COLUMN)})
    path.write_bytes(graph.SerializeToString())
