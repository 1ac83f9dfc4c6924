"""Decoding of TIFF and BigTIFF to upright grey pages: a walk along the directories, then Pillow and its libtiff for the
pixels."""

from __future__ import annotations

import ctypes
import io
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import _imaging
from PIL.TiffImagePlugin import TiffImageFile

from digit_core.errors import FailureReason, PageError
from digit_core.imaging.bigtiff import BIG_ENDIAN, as_classic
from digit_core.imaging.integrity import broken, cut_short, too_many_pages
from digit_core.imaging.raster import PILLOW_ERRORS, Pages, as_page_error, check_pixels, dots_per_inch, to_grey
from digit_core.params import DecodeLimits
from digit_core.records import PageImage

_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MOST_ENTRIES = 1000  # directories may overlap: without a limit, a small file could hold a day's work
_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT = 254, 255, 256, 257
_NO_PAGE = 1 | 4  # bits of NewSubfileType: a smaller copy of a page, a transparency mask
_SMALLER_COPY = 2  # SubfileType of old files
_TOLD = frozenset({_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT})
_CODES = {3: "H", 16: "Q"}  # of whole numbers, by their type; others have four bytes
_THUMBNAIL = 512  # pixels of the longer side of a thumbnail that does not say that it is one, at most …
_OF_ITS_PAGE = 4  # … and so often does the page hold it, which has …
_SAME_SHAPE = 0.02  # … the same ratio of its sides, give or take this share
_BASELINE = 700  # tags above are private or metadata: a broken one costs no pixels
_STRIPS_AND_TILES = ((273, 279), (324, 325))  # offsets and byte counts of the parts of a picture
_PHOTOMETRIC = 262
_MIN_IS_WHITE = 0


class _Heard(threading.local):
    """The first error of libtiff in this thread since `what` was last emptied."""

    what = ""


_heard = _Heard()


def _hear(_where: bytes | None, what: bytes | None, _arguments: int | None) -> None:
    _heard.what = _heard.what or (what or b"unknown error").decode(errors="replace")


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)(_hear)


def _listen_to_libtiff() -> None:
    """Redirect libtiff's errors from stderr: it continues after an invalid code word, and Pillow then returns a page with holes.

    Where the call cannot be found (Windows looks for it in Pillow's own library only), they stay on stderr.
    """
    setter = getattr(ctypes.CDLL(_imaging.__file__), "TIFFSetErrorHandler", None)
    if setter is not None:
        setter(_HANDLER)


_listen_to_libtiff()


def open_tiff(data: bytes, limits: DecodeLimits) -> Pages:
    """Open a TIFF, reading the directories only. A single page is refused here if it is too large, others one by one."""
    frames = page_frames(data, limits.max_pages)
    size = len(data)
    if data.startswith(BIG_ENDIAN):
        data = as_classic(data, _TYPE_SIZES)
    if not frames:
        raise PageError(FailureReason.NO_PAGES, "the TIFF file has no pages; scan or export it again")
    try:
        image = TiffImageFile(io.BytesIO(data))
    except PILLOW_ERRORS as error:
        raise as_page_error("TIFF", error) from error
    if len(frames) == 1:
        check_pixels(*image.size, limits)
    return Pages(len(frames), lambda index: _decode(image, frames[index], size, limits))


def _decode(image: TiffImageFile, frame: int, size: int, limits: DecodeLimits) -> PageImage:
    """Decode one page of a file of `size` bytes. Pillow applies the orientation tag while it loads."""
    _heard.what = ""
    try:
        image.seek(frame)
        check_pixels(*image.size, limits)
        _check_strips(image, size)
        min_is_white = image.tag_v2.get(_PHOTOMETRIC) == _MIN_IS_WHITE
        pixels = to_grey(image)
    except PILLOW_ERRORS as error:
        raise as_page_error("TIFF", error) from error
    if _heard.what:
        broken("TIFF", f"libtiff: {_heard.what}")
    if min_is_white and image.mode.startswith("I;16"):
        pixels = ~pixels  # Pillow inverts up to 8 bits, and leaves 16 as they are stored
    return PageImage(np.ascontiguousarray(pixels), dots_per_inch(image))


def _check_strips(image: TiffImageFile, size: int) -> None:
    tags = image.tag_v2
    for offsets, counts in _STRIPS_AND_TILES:
        ends = (start + length for start, length in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False))
        if max(ends, default=0) > size:
            cut_short("TIFF")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Struct formats of a classic TIFF (4-byte offsets) or a BigTIFF (8-byte offsets)."""

    order: str  # "<" or ">"
    start: int  # position of the first directory's offset
    offset: str  # struct code of an offset
    count: str  # struct code of the number of entries
    entry: str  # tag, type, number of values, value or offset

    @staticmethod
    def of(data: bytes) -> _Layout:
        order = "<" if data[:2] == b"II" else ">"
        big = struct.unpack_from(order + "H", data, 2)[0] == 43
        return _Layout(order, 8, "Q", "Q", "HHQ8s") if big else _Layout(order, 4, "I", "H", "HHI4s")


def page_frames(data: bytes, max_pages: int) -> list[int]:
    """The numbers (from 0) of the directories that are pages: not thumbnails, reduced copies or masks, whether they say so or are
    small and of the shape of a page beside them, or of the first, that is four times as large.

    Raises PageError: TRUNCATED for a directory outside the file, DAMAGED for a circular chain of directories, TOO_LARGE as soon
    as there are more than `max_pages`.
    """
    try:
        pages = _walk(data, _Layout.of(data), max_pages)
    except struct.error:  # a header or directory that reaches past the end of the file
        cut_short("TIFF")
    said = [number for number, one in enumerate(pages) if not one.subfile & _NO_PAGE] or list(range(len(pages)))
    return [number for number in said if not _is_thumbnail(pages, number)]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A directory: its NewSubfileType, and the width and height of its picture."""

    subfile: int
    sides: tuple[int, int]


def _is_thumbnail(pages: Sequence[_Frame], number: int) -> bool:
    """Whether it is a small copy of the page before it, of the one behind it, or of the first."""
    width, height = pages[number].sides
    if not 0 < max(width, height) <= _THUMBNAIL:
        return False
    others = [pages[at].sides for at in (0, number - 1, number + 1) if 0 <= at < len(pages)]
    return any(
        wide >= _OF_ITS_PAGE * width
        and high >= _OF_ITS_PAGE * height
        and abs(width * high - height * wide) <= _SAME_SHAPE * height * wide + high  # a side is rounded to whole pixels
        for wide, high in others
    )


def _walk(data: bytes, layout: _Layout, max_pages: int) -> list[_Frame]:
    """Every directory."""
    found: list[_Frame] = []
    seen = {0}
    (offset,) = struct.unpack_from(layout.order + layout.offset, data, layout.start)
    while offset:
        if offset in seen:
            broken("TIFF", f"directory {len(found)} points back to an earlier one")
        if len(found) == max_pages:
            too_many_pages(f"more than {max_pages}", max_pages)
        seen.add(offset)
        frame, offset = _directory(data, layout, offset)
        found.append(frame)
    return found


def _directory(data: bytes, layout: _Layout, offset: int) -> tuple[_Frame, int]:
    """What it says of its picture, and the offset of the next directory (0 at the end)."""
    if offset >= len(data):
        cut_short("TIFF")
    (count,) = struct.unpack_from(layout.order + layout.count, data, offset)
    if count > _MOST_ENTRIES:
        broken("TIFF", f"a directory of {count} entries")
    entry = struct.Struct(layout.order + layout.entry)
    start = offset + struct.calcsize(layout.order + layout.count)
    end = start + count * entry.size
    (following,) = struct.unpack_from(layout.order + layout.offset, data, end)
    told: dict[int, int] = {}
    for tag, kind, number, value in entry.iter_unpack(memoryview(data)[start:end]):
        if tag < _BASELINE and _value_end(layout, kind, number, value) > len(data):
            cut_short("TIFF")
        if tag in _TOLD:
            told[tag] = struct.unpack_from(layout.order + _CODES.get(kind, "I"), value)[0]
    smaller = 1 if told.get(_OLD_SUBFILE) == _SMALLER_COPY else 0
    return _Frame(told.get(_SUBFILE, 0) | smaller, (told.get(_WIDTH, 0), told.get(_HEIGHT, 0))), following


def _value_end(layout: _Layout, kind: int, number: int, value: bytes) -> int:
    """Return where in the file the values of an entry end; 0 if they are in the entry itself."""
    size = _TYPE_SIZES.get(kind, 0) * number
    return struct.unpack(layout.order + layout.offset, value)[0] + size if size > len(value) else 0
