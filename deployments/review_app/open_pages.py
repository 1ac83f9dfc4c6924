"""Pages that are open for drawing: kept in memory until others need the room."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import cv2
import numpy as np

from digit_core.errors import InputError, PageError
from digit_core.imaging.decode import decode_page, probe
from digit_core.imaging.rotation import image_upright
from digit_core.inference.reader import Reader
from digit_core.layouts.authoring import LevelPage, level_page
from digit_core.params import DecodeLimits, SegmentationParams
from digit_core.recognition.pipeline import how_it_lies
from digit_core.records import Grey

MOST_OPEN = 16
LARGEST_PICTURE = 2000
"""Pixels of the longer side of the picture that the browser gets."""


class NotOpenError(Exception):
    """A page that was open has made room for others, or the server was started anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A page, one of `count` of its file, and its picture as JPEG, made smaller if it is large."""

    id: str
    page: LevelPage
    count: int
    picture: bytes


class OpenPages:
    """The pages that were opened last. A page takes much memory while it is opened: one at a time."""

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._pages: OrderedDict[str, Opened] = OrderedDict()
        self._most = most
        self._opening, self._keeping = Lock(), Lock()

    def open(self, data: bytes, index: int, limits: DecodeLimits, reader: Reader) -> Opened:
        """The page `index`, from 0, of the file with these bytes, upright. Raises InputError for one that cannot be read."""
        with self._opening:
            opened = _open(data, index, limits, reader)
        with self._keeping:
            self._pages[opened.id] = opened
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)
        return opened

    def get(self, page_id: str) -> Opened:
        """Raises NotOpenError."""
        with self._keeping:
            if page_id not in self._pages:
                raise NotOpenError
            self._pages.move_to_end(page_id)
            return self._pages[page_id]


def _open(data: bytes, index: int, limits: DecodeLimits, reader: Reader) -> Opened:
    try:
        count = probe(data, limits)
        image = decode_page(data, index, limits)
    except PageError as error:
        raise InputError(f"this page cannot be read: {error}") from error
    page, picture = level_page(image_upright(image, how_it_lies(image, SegmentationParams(), reader)))
    return Opened(secrets.token_hex(16), page, count, _jpeg(picture))


def _jpeg(picture: Grey) -> bytes:
    height, width = picture.shape
    scale = min(1.0, LARGEST_PICTURE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else picture
    written, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not written:
        raise InputError(f"a page of {width} x {height} pixels cannot be shown")
    return data.tobytes()
