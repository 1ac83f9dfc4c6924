"""The reader's two networks by ONNX Runtime: what stands where on a page, and what a strip says.

Both are trained together (digit_core/reader_training.py) and ship in digit_core/model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.reader_form import CHARACTERS, COLUMN, STRIDE, STRIP_HEIGHT
from digit_core.recogniser import onnx_session
from digit_core.records import Grey

Cells = NDArray[np.float32]
"""Shape (h/4, w/4, OUTPUTS): see digit_core.reader_form."""

Columns = NDArray[np.float64]
"""Shape (columns, 11): for every 2 pixels of a strip the probabilities of no digit (0) and of the digits 0 to 9 (1 to 10)."""

FINDER, READER = "finder.onnx", "reader.onnx"
SHIPPED_READER = Path(__file__).parent / "model"
SHIPPED_DETECTOR, SHIPPED_STRIP_READER = SHIPPED_READER / FINDER, SHIPPED_READER / READER
SHIPPED_READER_CARD = SHIPPED_READER / "reader.json"

_STEP = 32
"""Strips are filled up to a multiple of so many pixels, and read in batches of one width."""

_BATCH = 32
_TILE = 512
"""Rows of a page that are looked at at once: activations of a whole page would not fit into the cache, nor always in memory."""

_OVERLAP = 64


class Reader(Protocol):
    """Whatever finds characters on darkness (uint8, 0 paper) and reads strips."""

    def find(self, darkness: Grey) -> Cells: ...

    def read(self, strips: Sequence[Grey]) -> list[Columns]: ...


class OnnxReader:
    """Detector and strip reader, by default those that ship. Raises RegistryError if a file is no model."""

    def __init__(self, detector: Path = SHIPPED_DETECTOR, strip_reader: Path = SHIPPED_STRIP_READER) -> None:
        self._finder = onnx_session(detector)
        self._reader = onnx_session(strip_reader)

    @classmethod
    def of_folder(cls, folder: Path) -> OnnxReader:
        """Both networks as a training leaves them in `folder`."""
        return cls(folder / FINDER, folder / READER)

    def find(self, darkness: Grey) -> Cells:
        """The cells of a picture of any size; done in overlapping bands."""
        height, width = darkness.shape
        bands = [self._band(darkness, top) for top in range(0, max(height - _OVERLAP, 1), _TILE)]
        return np.concatenate(bands)[: -(-height // STRIDE), : -(-width // STRIDE)]

    def _band(self, darkness: Grey, top: int) -> Cells:
        above = min(top, _OVERLAP)
        part = darkness[top - above : top + _TILE + _OVERLAP]
        (cells,) = self._finder.run(None, {"patches": _input(_filled(part)[None])})
        last = top + _TILE + _OVERLAP >= darkness.shape[0]
        return np.asarray(cells[0, above // STRIDE : None if last else (above + _TILE) // STRIDE], np.float32)

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        """Strips 40 pixels high, of any width; the answers in their order, each of its own width."""
        answers: list[Columns] = [np.empty((0, 11))] * len(strips)
        order = sorted(range(len(strips)), key=lambda i: strips[i].shape[1])
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            columns = self._read_batch([strips[i] for i in chosen])
            for row, i in enumerate(chosen):
                answers[i] = _digits_only(columns[row, : -(-strips[i].shape[1] // COLUMN)])
        return answers

    def _read_batch(self, strips: Sequence[Grey]) -> NDArray[np.float32]:
        width = -(-strips[-1].shape[1] // _STEP) * _STEP
        batch = np.zeros((len(strips), STRIP_HEIGHT, width), np.uint8)
        for row, strip in enumerate(strips):
            batch[row, :, : strip.shape[1]] = strip
        (columns,) = self._reader.run(None, {"strips": _input(batch)})
        return np.asarray(columns, np.float32)


def _input(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (pictures[..., np.newaxis] / np.float32(255)).astype(np.float32)


def _filled(part: Grey) -> Grey:
    """With paper on the right and below, so that the sides are multiples of 8."""
    height, width = part.shape
    return np.asarray(cv2.copyMakeBorder(part, 0, -height % 8, 0, -width % 8, cv2.BORDER_CONSTANT, value=0), np.uint8)


def _digits_only(scores: NDArray[np.float32]) -> Columns:
    """Probabilities of the classes; points and dashes are no digits."""
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    marks = probabilities[:, 11 : len(CHARACTERS) + 1].sum(axis=1)
    digits = probabilities[:, :11].copy()
    digits[:, 0] += marks
    return np.asarray(digits)
