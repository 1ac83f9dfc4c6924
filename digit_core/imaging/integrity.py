"""Integrity checks: is a file complete? Cheap walks over the structure of each format, without decoding a pixel.

Decoders are lenient where an archive must not be: libjpeg fills missing data with grey and OpenJPEG with whatever it has, without
an error. These checks find the end that every complete file has; they raise PageError, mostly TRUNCATED.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import NoReturn

from digit_core.errors import FailureReason, PageError

# in coded data FF is followed by 00 (a stuffed byte), D0-D7 (a restart) or FF (fill); anything else is a marker
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_JPEG_BARE = (0x01, 0xD8)  # TEM and SOI have no length field
_JPEG_END = 0xD9
_JPEG_SCAN = 0xDA
_MOST_SCANS = 100  # progressive files have about ten; each scan is a pass over all pixels, and may be empty

_PNG_CHUNKS = 20_000, 1_000  # so many are always allowed, plus one per so many bytes of the file: Pillow parses each of them
_PNG_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")

_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_JP2_END = b"\xff\xd9"

_BMP_HEAD = 40  # bytes of the head since Windows 3; older ones have other fields
_BMP_PLAIN = (0, 3, 6)  # one value after another

_PDF_LENGTH = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d{1,18})", re.DOTALL)


def cut_short(kind: str) -> NoReturn:
    """Raise PageError(TRUNCATED)."""
    message = f"the {kind} file is cut short: its end is missing; copy it again from where it came from"
    raise PageError(FailureReason.TRUNCATED, message)


def broken(kind: str, what: str) -> NoReturn:
    """Raise PageError(DAMAGED)."""
    raise PageError(FailureReason.DAMAGED, f"the {kind} file is damaged ({what}); copy or scan it again")


def check_jpeg(data: bytes) -> None:
    """Follow the markers to the end-of-image marker; bytes after it (a second picture, padding) are ignored."""
    position, scans = 2, 0
    while match := _JPEG_MARKER.search(data, position):
        marker = match[1][0]
        if marker == _JPEG_END:
            return
        scans += marker == _JPEG_SCAN
        if scans > _MOST_SCANS:
            broken("JPEG", f"more than {_MOST_SCANS} scans")
        position = match.end()
        if marker not in _JPEG_BARE:  # skipped as a whole: a segment may contain a thumbnail with its own end marker
            position += max(2, int.from_bytes(data[position : position + 2]))
    cut_short("JPEG")


def check_chunks(data: bytes) -> None:
    """Count the chunks of a PNG before Pillow parses them. Raises PageError(DAMAGED) for more than any writer makes."""
    fine, bytes_each = _PNG_CHUNKS
    position, most = 8, fine + len(data) // bytes_each
    while position + 8 <= len(data) and most >= 0:
        position += 12 + int.from_bytes(data[position : position + 4])
        most -= 1
    if most < 0:
        broken("PNG", f"more than {fine + len(data) // bytes_each:,} chunks")


def check_png(data: bytes) -> None:
    """Follow the chunks to IEND and verify the checksums of those with pixels."""
    position = 8
    while position + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            break
        if name in _PNG_CRITICAL and zlib.crc32(memoryview(data)[position + 4 : end]) != int.from_bytes(data[end : end + 4]):
            broken("PNG", f"wrong checksum at byte {position}")
        if name == b"IEND":
            return
        position = end + 4
    cut_short("PNG")


def check_jpeg2000(data: bytes) -> None:
    """Look for the end-of-codestream marker: at the end of the box `jp2c`, or of the file for a bare codestream."""
    end = _codestream_end(data) if data.startswith(_JP2_SIGNATURE) else len(data)
    if data[max(0, end - 2) : end] != _JP2_END:
        cut_short("JPEG 2000")


def _codestream_end(data: bytes) -> int:
    position = 0
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if length == 1:  # a 64-bit length follows the name
            length = int.from_bytes(data[position + 8 : position + 16])
        end = position + length if length else len(data)
        if end > len(data):
            break
        if name == b"jp2c":
            return end
        if end < position + 8:
            broken("JPEG 2000", f"wrong box length at byte {position}")
        position = end
    cut_short("JPEG 2000")


def check_webp(data: bytes) -> None:
    """The head of the file says how long it is."""
    if len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data):
        cut_short("WebP")


def check_bmp(data: bytes) -> None:
    """Rows of pixels that are not packed take as many bytes as the head says."""
    if len(data) < 34:
        cut_short("BMP")
    start, head, width, height, _, depth, packing = struct.unpack_from("<4xIIiiHHI", data, 6)
    rows = (abs(width) * depth + 31) // 32 * 4 * abs(height) if head >= _BMP_HEAD and packing in _BMP_PLAIN else 0
    if start + rows > len(data):
        cut_short("BMP")


def check_pdf(data: bytes) -> None:
    """Check that a PDF ends with %%EOF (padding and up to a kilobyte of other bytes may follow), and a linearised one has its
    length.

    PDFium would repair a file without an end by searching it for what is left, and silently lose pages.
    """
    stated = _PDF_LENGTH.search(data, 0, 2048)
    if b"%%EOF" not in data[-65536:].rstrip(b"\0\t\n\f\r ")[-1024:] or (stated and int(stated[1]) > len(data)):
        cut_short("PDF")


def too_many_pages(found: str, max_pages: int) -> NoReturn:
    """Raise PageError(TOO_LARGE)."""
    message = (
        f"too many pages: {found}, and the limit is {max_pages}; split the file, "
        "or raise max_pages (DIGITS_MAX_PAGES) if you trust it"
    )
    raise PageError(FailureReason.TOO_LARGE, message)
