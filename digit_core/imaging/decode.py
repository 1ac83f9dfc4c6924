"""Bytes -> page images: JPEG, PNG, TIFF, JPEG 2000, WebP, BMP and PDF, by their content and never by their name.

Sizes are read from headers and checked against DecodeLimits before a pixel is decoded. Whatever the bytes are, the only exception
that leaves this module is PageError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from digit_core.errors import FailureReason, PageError
from digit_core.imaging.raster import ImageFormat, Pages, open_picture
from digit_core.imaging.tiff import open_tiff
from digit_core.params import DecodeLimits
from digit_core.records import PageImage

_PICTURES = (
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", ImageFormat.JPEG2000),
    (b"\xff\x4f\xff\x51", ImageFormat.JPEG2000),  # a bare codestream
)
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the latter two are BigTIFF
_WEBP, _BMP_HEADS = (b"RIFF", b"WEBP"), (12, 40, 52, 56, 64, 108, 124)
_PHONES = {b"hei": "HEIC", b"hev": "HEIC", b"mif": "HEIC", b"msf": "HEIC", b"avi": "AVIF"}
"""Pictures as telephones take them, by the beginning of their brand."""

_PDF_MAGIC = b"%PDF-"
_PDF_MAGIC_WITHIN = 1024  # readers accept as many bytes before it


def probe(data: bytes, limits: DecodeLimits) -> int:
    """Return the number of pages, from the headers. Raises PageError, also TOO_LARGE for a single picture of too many pixels."""
    with _opened(data, limits) as pages:
        return pages.count


def decode_page(data: bytes, index: int, limits: DecodeLimits) -> PageImage:
    """Decode one page, `index` from 0: upright, 8-bit grey, with its resolution. Raises PageError.

    16 bits are scaled to 8 by the depth that was used (see raster.eight_bits), colour becomes luma, transparency white paper.
    """
    (outcome,) = decode_pages(data, [index], limits)
    if isinstance(outcome, PageError):
        raise outcome
    return outcome


def decode_pages(data: bytes, indices: Iterable[int], limits: DecodeLimits) -> Iterator[PageImage | PageError]:
    """Yield one outcome per index, in order; the file is opened once. If it cannot be opened, each page fails."""
    with ExitStack() as stack:
        try:
            pages: Pages | PageError = stack.enter_context(_opened(data, limits))
        except PageError as error:
            pages = _bare(error)
        for index in indices:
            yield pages if isinstance(pages, PageError) else _outcome(pages, index)


def _outcome(pages: Pages, index: int) -> PageImage | PageError:
    if not 0 <= index < pages.count:
        return PageError(FailureReason.MISSING, f"there is no page {index + 1}: the file has {pages.count}")
    try:
        return pages.read(index)
    except PageError as error:
        return _bare(error)
    except MemoryError:
        message = "too large: decoding the page needs more memory than there is; use fewer workers, or lower max_megapixels"
        return PageError(FailureReason.TOO_LARGE, message)


def _bare(error: PageError) -> PageError:
    """Remove the traceback, whose frames would keep the whole file in memory as long as the error."""
    return PageError(error.reason, str(error))


@contextmanager
def _opened(data: bytes, limits: DecodeLimits) -> Iterator[Pages]:
    _check_bytes(len(data), limits)
    kind = _picture(data)
    if kind is not None:
        yield open_picture(data, kind, limits)
    elif data.startswith(_TIFF_MAGIC):
        yield open_tiff(data, limits)
    elif data.find(_PDF_MAGIC, 0, _PDF_MAGIC_WITHIN) >= 0:
        from digit_core.imaging.pdf import open_pdf  # pypdfium2: some 50 ms that other files can avoid

        with open_pdf(data, limits) as pages:
            yield pages
    else:
        raise _unknown(data)


def _picture(data: bytes) -> ImageFormat | None:
    if data.startswith(_WEBP[0]) and data[8:12] == _WEBP[1]:
        return ImageFormat.WEBP
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADS:
        return ImageFormat.BMP
    return next((kind for magic, kind in _PICTURES if data.startswith(magic)), None)


def _unknown(data: bytes) -> PageError:
    if data[4:8] == b"ftyp" and data[8:11] in _PHONES:
        name = _PHONES[data[8:11]]
        message = f"{name} pictures are not read: convert it to JPEG or PNG, or set the camera so ('most compatible' on iPhones)"
        return PageError(FailureReason.NOT_AN_IMAGE, message)
    beginnings = (*(magic for magic, _ in _PICTURES), *_TIFF_MAGIC, _PDF_MAGIC)
    if any(magic.startswith(data) for magic in beginnings):
        return PageError(FailureReason.TRUNCATED, f"the file is cut short after {len(data)} bytes; copy it again")
    message = f"not a JPEG, PNG, TIFF, JPEG 2000, WebP, BMP or PDF file, whatever its name: it begins with {data[:12]!r}"
    return PageError(FailureReason.NOT_AN_IMAGE, message)


def _check_bytes(size: int, limits: DecodeLimits) -> None:
    if size == 0:
        raise PageError(FailureReason.EMPTY, "the file is empty (0 bytes); copy it again from where it came from")
    if size > limits.max_megabytes * 1e6:
        message = (
            f"too large: the file has {size / 1e6:,.0f} megabytes, and the limit is {limits.max_megabytes:g}; "
            "raise max_megabytes (DIGITS_MAX_MEGABYTES) if you trust it"
        )
        raise PageError(FailureReason.TOO_LARGE, message)
