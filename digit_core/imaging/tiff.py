"""Decoding of TIFF and BigTIFF to upright grey pages: a walk along the directories, then Pillow and its libtiff for the
pixels."""

from __future__ import annotations

import ctypes
import io
import struct
import threading
from dataclasses import dataclass

import numpy as np
from PIL import _imaging
from PIL.TiffImagePlugin import TiffImageFile

from digit_core.errors import FailureReason, PageError
from digit_core.imaging.integrity import broken, cut_short, too_many_pages
from digit_core.imaging.raster import PILLOW_ERRORS, Pages, as_page_error, check_pixels, dots_per_inch, to_grey
from digit_core.params import DecodeLimits
from digit_core.records import PageImage

_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_SHORT = 3
_MOST_ENTRIES = 1000  # directories may overlap: without a limit, a small file could take a day to parse
_SUBFILE = 254
_NO_PAGE = 1 | 4  # bits of NewSubfileType: a reduced copy of a page, a transparency mask
_BASELINE = 700  # higher tags are private or metadata: a broken one costs no pixels
_STRIPS_AND_TILES = ((273, 279), (324, 325))  # offsets and byte counts of strips and tiles
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
    if not frames:
        raise PageError(FailureReason.NO_PAGES, "the TIFF file has no pages; scan or export it again")
    try:
        image = TiffImageFile(io.BytesIO(data))
    except PILLOW_ERRORS as error:
        raise as_page_error("TIFF", error) from error
    if len(frames) == 1:
        check_pixels(*image.size, limits)
    return Pages(len(frames), lambda index: _decode(image, frames[index], len(data), limits))


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
    """List the numbers (from 0) of the directories that are pages: not thumbnails, reduced copies or masks.

    Raises PageError: TRUNCATED for a directory outside the file, DAMAGED for a circular chain of directories, TOO_LARGE as soon
    as there are more than `max_pages`.
    """
    try:
        pages = _walk(data, _Layout.of(data), max_pages)
    except struct.error:  # a header or directory that reaches past the end of the file
        cut_short("TIFF")
    return [number for number, subfile in enumerate(pages) if not subfile & _NO_PAGE] or list(range(len(pages)))


def _walk(data: bytes, layout: _Layout, max_pages: int) -> list[int]:
    """Return NewSubfileType of every directory."""
    found: list[int] = []
    seen = {0}
    (offset,) = struct.unpack_from(layout.order + layout.offset, data, layout.start)
    while offset:
        if offset in seen:
            broken("TIFF", f"directory {len(found)} points back to an earlier one")
        if len(found) == max_pages:
            too_many_pages(f"more than {max_pages}", max_pages)
        seen.add(offset)
        subfile, offset = _directory(data, layout, offset)
        found.append(subfile)
    return found


def _directory(data: bytes, layout: _Layout, offset: int) -> tuple[int, int]:
    """Return NewSubfileType, and the offset of the next directory (0 at the end)."""
    if offset >= len(data):
        cut_short("TIFF")
    (count,) = struct.unpack_from(layout.order + layout.count, data, offset)
    if count > _MOST_ENTRIES:
        broken("TIFF", f"a directory of {count} entries")
    entry = struct.Struct(layout.order + layout.entry)
    start = offset + struct.calcsize(layout.order + layout.count)
    end = start + count * entry.size
    (following,) = struct.unpack_from(layout.order + layout.offset, data, end)
    subfile = 0
    for tag, kind, number, value in entry.iter_unpack(memoryview(data)[start:end]):
        if tag < _BASELINE and _value_end(layout, kind, number, value) > len(data):
            cut_short("TIFF")
        if tag == _SUBFILE:
            subfile = struct.unpack_from(layout.order + ("H" if kind == _SHORT else "I"), value)[0]
    return subfile, following


def _value_end(layout: _Layout, kind: int, number: int, value: bytes) -> int:
    """Return where in the file the values of an entry end; 0 if they are in the entry itself."""
    size = _TYPE_SIZES.get(kind, 0) * number
    return struct.unpack(layout.order + layout.offset, value)[0] + size if size > len(value) else 0
