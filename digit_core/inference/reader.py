"""Detector and strip reader by ONNX Runtime: characters on a page, and the text of a strip.

The shipped files are in digit_core/model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.errors import RegistryError
from digit_core.inference.network_spec import CHARACTERS, CLASSES, STRIDE, NetworkForm
from digit_core.inference.onnx import onnx_session
from digit_core.inference.shipped import FINDER, READER, SHIPPED_DETECTOR, SHIPPED_READER, SHIPPED_STRIP_READER
from digit_core.numerics import softmax
from digit_core.records import Grey

__all__ = ["FINDER", "READER", "SHIPPED_READER", "Cells", "Columns", "OnnxReader", "Reader"]

Cells = NDArray[np.float32]
"""Shape (h/4, w/4, characters of the detector + 6): as OUTPUTS in digit_core.inference.network_spec, for the characters that it
knows."""

Columns = NDArray[np.float64]
"""Shape (columns, CLASSES): along a strip the probabilities of no character (0) and of each of CHARACTERS."""

_STEP = 32
"""Pixels: strips are padded to a multiple of this, and read in batches of one width."""

_BATCH = 32
_NEVER = 1e-9
"""Least probability of each character, also of those that the network was not trained on."""

_PIXELS, _LEAST_BAND = 2_000_000, 640
"""Greatest number of pixels of a band of a page processed at once, if it has more than so many rows: activations of a whole page
would not always fit in memory."""

_OVERLAP = 96
"""Rows of overlap above and below a band, a multiple of 16: the field of view of a cell."""


class Detector(Protocol):
    """Interface: finds characters on darkness (uint8, 0 paper). detector: the form of its cells."""

    @property
    def detector(self) -> NetworkForm: ...

    def find(self, darkness: Grey) -> Cells: ...


class Reader(Protocol):
    """Interface: finds characters on darkness (uint8, 0 paper) and reads strips.

    detector: the form of its cells; strips: the height of a strip and the width of a column.
    """

    @property
    def detector(self) -> NetworkForm: ...

    @property
    def strips(self) -> NetworkForm: ...

    def find(self, darkness: Grey) -> Cells: ...

    def read(self, strips: Sequence[Grey]) -> list[Columns]: ...


class OnnxDetector:
    """A detector from an ONNX file. Raises RegistryError if it is no model or has an invalid form."""

    def __init__(self, file: Path = SHIPPED_DETECTOR) -> None:
        self._finder = onnx_session(file)
        self.detector = _form_of(self._finder, file)

    def find(self, darkness: Grey) -> Cells:
        """Return the cells of a picture of any size, computed in overlapping bands."""
        height, width = darkness.shape
        most = max(_LEAST_BAND, _PIXELS // width - 2 * _OVERLAP)
        count = -(-height // most)
        rows = -(-height // (16 * count)) * 16
        bands = [self._band(darkness, top, rows) for top in range(0, height, rows)]
        cells = bands[0] if len(bands) == 1 else np.concatenate(bands)
        return cells[: -(-height // STRIDE), : -(-width // STRIDE)]

    def _band(self, darkness: Grey, top: int, rows: int) -> Cells:
        above = min(top, _OVERLAP)
        part = darkness[top - above : top + rows + _OVERLAP]
        (cells,) = self._finder.run(None, {"patches": _input(_filled(part)[None])})
        return np.asarray(cells[0, above // STRIDE : (above + rows) // STRIDE], np.float32)


class OnnxReader(OnnxDetector):
    """Detector and strip reader, by default the shipped ones. Raises RegistryError if a file is no model or has an invalid
    form."""

    def __init__(self, detector: Path = SHIPPED_DETECTOR, strip_reader: Path = SHIPPED_STRIP_READER) -> None:
        super().__init__(detector)
        self._reader = onnx_session(strip_reader)
        self.strips = _form_of(self._reader, strip_reader)

    @classmethod
    def of_folder(cls, folder: Path) -> OnnxReader:
        """Load both networks that a training wrote to `folder`."""
        return cls(folder / FINDER, folder / READER)

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        """Read strips of the height of `strips`, of any width; return the columns of each, in order."""
        answers: list[Columns] = [np.empty((0, CLASSES))] * len(strips)
        order = sorted(range(len(strips)), key=lambda i: strips[i].shape[1])
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            columns = self._read_batch([strips[i] for i in chosen])
            for row, i in enumerate(chosen):
                answers[i] = _probabilities(columns[row, : -(-strips[i].shape[1] // self.strips.column)], self.strips)
        return answers

    def _read_batch(self, strips: Sequence[Grey]) -> NDArray[np.float32]:
        width = -(-strips[-1].shape[1] // _STEP) * _STEP
        batch = np.zeros((len(strips), self.strips.height, width), np.uint8)
        for row, strip in enumerate(strips):
            batch[row, :, : strip.shape[1]] = strip
        (columns,) = self._reader.run(None, {"strips": _input(batch)})
        return np.asarray(columns, np.float32)


def _input(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(pictures[..., np.newaxis] / np.float32(255))


def _filled(part: Grey) -> Grey:
    """Pad with paper on the right and below to multiples of 16."""
    height, width = part.shape
    return np.asarray(cv2.copyMakeBorder(part, 0, -height % 16, 0, -width % 16, cv2.BORDER_CONSTANT, value=0), np.uint8)


def _form_of(session: Any, file: Path) -> NetworkForm:
    try:
        return NetworkForm.of(session.get_modelmeta().custom_metadata_map)
    except RegistryError as error:
        raise RegistryError(f"{file} is not a network that reads numbers: {error}") from error


def _probabilities(scores: NDArray[np.float32], form: NetworkForm) -> Columns:
    """Convert the scores (columns, 1 + characters) of a network of this form to probabilities of all characters."""
    known = softmax(scores.astype(np.float64))
    ours = known[:, 1:] @ np.eye(len(CHARACTERS))[list(form.places)]
    return np.concatenate([known[:, :1], np.maximum(ours, _NEVER)], axis=1)
