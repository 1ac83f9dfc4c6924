"""The second reader of strips, made independently of ours: PP-OCRv6's small recogniser, from the package rapidocr.

Two readers that were trained on different handwriting seldom make the same error. Only the network's file is used, no code of
rapidocr. Of its 18,710 classes only those that can occur in a number or a word are kept, which halves its size, saves a third of
its time, and leaves the probabilities among them unchanged. Letters tell words from numbers; they are in no number's columns.
Apache License 2.0; see NOTICE.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.errors import RegistryError
from digit_core.inference.network_spec import CHARACTERS, CLASSES, OTHER
from digit_core.inference.onnx import onnx_session
from digit_core.inference.reader import Columns
from digit_core.inference.shipped import SECOND_READER_SHA256, WITHOUT_IT
from digit_core.numerics import softmax
from digit_core.records import Grey

_FILE = Path("models") / "PP-OCRv6_rec_small.onnx"
_ALIKE = {"–": "-", "—": "-", "−": "-", "=": "-", "~": "-", "·": ".", "″": '"', "′": "'", "’": "'"}
"""Characters of its alphabet that mean the same as ours in a number."""

_KEPT = CHARACTERS.replace(OTHER, "") + "".join(_ALIKE)
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßàâçéèêëîïñôû"
_BOTH_CASES = "".join(f"{letter}{letter.upper()}" for letter in LETTERS if len(letter.upper()) == 1) + "ß"
SPELT = f"{CHARACTERS.replace(OTHER, '')}{LETTERS}"
"""Characters of the columns of `spell`."""

_HEIGHT, _COLUMN = 48, 8
"""Height of its strips and width of its columns, in pixels."""

_RIGHT = 96
"""Pixels of mid-grey to the right of a strip: without them its last character is often lost."""

_WIDEST = 3200
"""Greatest width of its strips in pixels: wider ones are reduced, so that none fills the memory."""

_LEAST = 1e-9
"""Least probability of each character."""


def shipped_network() -> bytes:
    """Return the network's file in the installed package. Raises RegistryError if it is missing or differs."""
    package = find_spec("rapidocr")
    places = package.submodule_search_locations if package is not None else None
    if not places:
        raise RegistryError(f"the second reader's package is not installed: `pip install 'rapidocr>=3.10,<3.11'`, {WITHOUT_IT}")
    path = Path(next(iter(places))) / _FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RegistryError(
            f"the second reader's network {path} cannot be read ({error.strerror}): install rapidocr 3.10 anew, {WITHOUT_IT}"
        ) from error
    if hashlib.sha256(data).hexdigest() != SECOND_READER_SHA256:
        raise RegistryError(f"{path} is not the network of rapidocr 3.10, or was changed: install rapidocr 3.10, {WITHOUT_IT}")
    return data


def cut_network(data: bytes) -> bytes:
    """Reduce the network to the classes that can occur in a number; its outputs are their scores.

    Raises RegistryError for a network that does not end in a layer of one score for each of its characters.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load_from_string(data)
    known = ["", *next((p.value for p in model.metadata_props if p.key == "character"), "").split("\n")]
    weights = {one.name: one for one in model.graph.initializer}
    softmax = model.graph.node[-1]
    last = [weights[name] for node in model.graph.node[-4:] for name in node.input if name in weights]
    if softmax.op_type != "Softmax" or len(last) != 2 or not set(_KEPT + _BOTH_CASES) <= set(known):
        raise RegistryError(f"the second reader's network is not of the form that it had in rapidocr 3.10, {WITHOUT_IT}")
    kept = [0, *(known.index(character) for character in _KEPT + _BOTH_CASES)]
    for one in last:
        one.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(numpy_helper.to_array(one)[..., kept]), one.name))
    model.graph.output[0].name = softmax.input[0]
    model.graph.output[0].type.tensor_type.shape.dim[2].dim_value = len(kept)
    model.graph.node.remove(softmax)
    del model.metadata_props[:], model.graph.value_info[:]
    return bytes(model.SerializeToString())


class SecondReader:
    """Reads strips of the scan with a file made by `cut_network`. Raises RegistryError if it is no such network."""

    def __init__(self, path: Path) -> None:
        self._session = onnx_session(path)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1 or outputs[0].shape[-1] != 1 + len(_KEPT + _BOTH_CASES):
            raise RegistryError(f"{path} is not the second reader's network: delete it, and it is created again")
        self._input = inputs[0].name

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        """Read strips of grey (0 black), cut close around one line of ink, of any size; return for each its columns (t, CLASSES),
        of 8 pixels where the strip is scaled to a height of 48."""
        # one by one: batching several of one width is no faster, and no strip is padded
        return [_probabilities(self._scores(strip)[:, : 1 + len(_KEPT)]) for strip in strips]

    def spell(self, strips: Sequence[Grey]) -> list[Columns]:
        """Read strips as `read` does, but with letters of either case: columns (t, 1 + len(SPELT)), the first of nothing."""
        return [_spelt(self._scores(strip)) for strip in strips]

    def _scores(self, strip: Grey) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = self._session.run(None, {self._input: _prepared(strip)})[0][0]
        return scores


def _prepared(strip: Grey) -> NDArray[np.float32]:
    """Convert to shape (1, 3, 48, width): -1 black, 1 white, mid-grey padding at the end."""
    height, width = strip.shape
    size = min(_WIDEST, max(_COLUMN, -(-_HEIGHT * width // height)))
    enlarged = cv2.resize(strip, (size, _HEIGHT)).astype(np.float32) / 127.5 - 1
    return np.broadcast_to(np.pad(enlarged, ((0, 0), (0, _RIGHT))), (1, 3, _HEIGHT, size + _RIGHT))


def _probabilities(scores: NDArray[np.float32]) -> Columns:
    """Convert the scores (t, kept classes) of its own characters to probabilities of ours."""
    found = np.full((len(scores), CLASSES), _LEAST)
    for place, share in zip(_PLACES, softmax(scores.astype(np.float64)).T, strict=True):
        found[:, place] += share
    return found


def _spelt(scores: NDArray[np.float32]) -> Columns:
    """Convert the scores (t, kept classes) to probabilities of the characters SPELT."""
    found = np.full((len(scores), 1 + len(SPELT)), _LEAST)
    for place, share in zip(_SPELT_PLACES, softmax(scores.astype(np.float64)).T, strict=True):
        found[:, place] += share
    return found


_SPELT_PLACES = (0, *(SPELT.index(_ALIKE.get(one, one).lower()) + 1 for one in _KEPT + _BOTH_CASES))
_PLACES = (0, *(CHARACTERS.index(_ALIKE.get(character, character)) + 1 for character in _KEPT))
