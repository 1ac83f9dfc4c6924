"""Export of the trained detector to an ONNX file with metadata, quantised to 8 bits if that is as accurate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from digit_core.inference.network_spec import NetworkForm
from digit_core.inference.onnx import onnx_session
from digit_core.recognition.detections import Characters, characters
from digit_core.synthesis.patches import Patch
from digit_core.training.detector.learner import LearnerState, averaged_detector
from digit_core.training.detector.network import DETECTED
from digit_core.training.detector.training import in_unit
from digit_core.training.quantization import Exported, export_quantised

_SAMPLE = 160
"""Number of patches that give the value ranges of layers and the statistics of normalisations."""

_BATCH = 16


def export_detector(state: LearnerState, patches: Sequence[Patch], path: Path) -> Exported:
    """Export the network with the averaged weights of a state. The first 160 patches give the value ranges of the layers; the
    others, not trained on either, decide whether the quantised network is as accurate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    measured, judged = patches[:_SAMPLE], patches[_SAMPLE:]
    pixels = in_unit(np.stack([patch.pixels for patch in measured]))
    network = averaged_detector(state, [pixels[i : i + _BATCH] for i in range(0, len(pixels), _BATCH)])
    network(pixels[:1, ..., np.newaxis])  # Keras exports only models that were called once
    pictures = (picture[np.newaxis, ..., np.newaxis] for picture in pixels)
    exported = export_quantised(network, path, pictures, lambda file: _found(file, judged))
    _describe(path)
    return exported


def _found(path: Path, patches: Sequence[Patch]) -> float:
    session, form = onnx_session(path), NetworkForm(DETECTED)
    right = there = said = 0
    for patch in patches:
        (cells,) = session.run(None, {session.get_inputs()[0].name: in_unit(patch.pixels)[np.newaxis, ..., np.newaxis]})
        cells[0, patch.open] = _NOTHING
        found = characters(cells[0], form)
        right += _right(found, patch, form)
        there += sum(place.asked for place in patch.places)
        said += len(found)
    return 2 * right / max(1, there + said)


_NOTHING = np.array([0.0] * len(DETECTED) + [30.0] + [0.0] * 5, np.float32)
"""Scores of a cell that shows nothing."""


def _right(found: Characters, patch: Patch, form: NetworkForm) -> int:
    """Count the patch's characters that are found: with the right class, and their middle in the box."""
    x, y = (found.boxes[:, 0] + found.boxes[:, 2]) / 2, (found.boxes[:, 1] + found.boxes[:, 3]) / 2
    best = np.array([form.places[DETECTED.index(place.character)] for place in patch.places if place.asked])
    asked = [place for place in patch.places if place.asked]
    inside = [(x > p.left) & (x < p.right) & (y > p.top) & (y < p.bottom) for p in asked]
    return sum(bool((here & (found.best == wanted)).any()) for here, wanted in zip(inside, best, strict=True))


def _describe(path: Path) -> None:
    """Write the classes into the file's metadata."""
    import onnx

    graph = onnx.load(str(path))
    onnx.helper.set_model_props(graph, {"characters": DETECTED})
    path.write_bytes(graph.SerializeToString())
