"""Picture of misread numbers: each with its true text and its reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.records import Grey

_TILE = (96, 180)
_PICTURE = 62
_ACROSS = 7
_MOST = 140


@dataclass(frozen=True, slots=True, eq=False)
class Misread:
    """A misread number: its picture (0 black), its text, the reading, its confidence, and whether it was accepted."""

    picture: Grey
    text: str
    read: str
    confidence: float
    accepted: bool


def error_sheet(errors: Sequence[Misread]) -> NDArray[np.uint8]:
    """Draw the 140 errors of highest confidence, highest first: (height, width, 3) uint8, blue, green, red; accepted ones are
    lettered in red."""
    chosen = sorted(errors, key=lambda error: -error.confidence)[:_MOST]
    tiles = [_tile(error) for error in chosen] or [_blank()]
    tiles += [_blank() for _ in range(-len(tiles) % _ACROSS)]
    rows = [np.concatenate(tiles[start : start + _ACROSS], axis=1) for start in range(0, len(tiles), _ACROSS)]
    return np.concatenate(rows)


def _blank() -> NDArray[np.uint8]:
    return np.full((*_TILE, 3), 255, np.uint8)


def _tile(error: Misread) -> NDArray[np.uint8]:
    tile = _blank()
    height, width = error.picture.shape
    scale = min(_PICTURE / height, (_TILE[1] - 4) / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(error.picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    tile[: size[1], : size[0]] = np.asarray(small, np.uint8)[..., np.newaxis]
    colour = (0, 0, 200) if error.accepted else (90, 40, 0)
    lines = (f"{_plain(error.text)} read {_plain(error.read) or 'nothing'}", f"{error.confidence:.3f}")
    for line, y in zip(lines, (76, 91), strict=True):
        cv2.putText(tile, line, (2, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return tile


def _plain(text: str) -> str:
    """Replace non-ASCII characters, which OpenCV cannot draw."""
    names = {"½": "1/2", "¼": "1/4", "¾": "3/4", "°": "deg"}
    return "".join(names.get(character, character) for character in text)
