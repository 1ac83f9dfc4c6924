"""Contact sheet of forms: a small picture of each with a title. Colours are BGR, as in OpenCV."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from digit_core.synthesis.fonts import font
from digit_core.visualisation.page_overlay import Picture

_SIDE, _TITLE, _GAP, _ACROSS = 700, 56, 12, 3
"""Pixels of a picture's longer side, of the title above it, and between two; and pictures in a row."""


def contact_sheet(pictures: Sequence[tuple[str, Picture]]) -> Picture:
    """Draw pictures, given with titles of one or two lines, in rows of three. Raises ValueError without any."""
    tiles = [_tile(title, picture) for title, picture in pictures]
    if not tiles:
        raise ValueError("a contact sheet needs a picture")
    tiles += [np.full_like(tiles[0], 255) for _ in range(-len(tiles) % min(_ACROSS, len(tiles)))]
    across = min(_ACROSS, len(tiles))
    rows = [np.concatenate(tiles[start : start + across], axis=1) for start in range(0, len(tiles), across)]
    return np.ascontiguousarray(np.concatenate(rows))


def _tile(title: str, picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = _SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    tile = np.full((_SIDE + _TITLE + _GAP, _SIDE + _GAP, 3), 255, np.uint8)
    tile[_TITLE : _TITLE + size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    image = Image.fromarray(np.ascontiguousarray(tile[:, :, ::-1]))
    ImageDraw.Draw(image).multiline_text((2, 4), title, fill="black", font=font("DejaVuSans", 18))
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
