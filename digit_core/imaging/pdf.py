"""Decoding of PDF to upright grey pages: the embedded scan where a page is one, else a rendering.

PDFium must not be used by two threads at once, so every call is made under one lock; documents, pages and bitmaps are closed
explicitly, under the same lock, so that nothing is left to the garbage collector in another thread.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from digit_core.errors import FailureReason, PageError
from digit_core.imaging import integrity
from digit_core.imaging.raster import ImageFormat, Pages, believable, check_pixels, decode_picture, is_of_inks
from digit_core.params import DecodeLimits
from digit_core.records import Grey, PageImage

_LOCK = threading.RLock()
_PDFIUM_ERRORS = (
    pypdfium2.PdfiumError,
    AssertionError,  # pypdfium2 asserts that PDFium returned a handle
    LookupError,  # it looks up constants in tables
    ValueError,
    ArithmeticError,  # sizes that are infinite or not a number
)
_POINTS_PER_INCH = 72.0

# Image dictionaries are uncompressed in every PDF (streams may not be packed into object streams), and PDFium has no call for
# these keys. A masked image is only right when rendered; `Decode` may invert a JPEG's values.
_MASK = re.compile(rb"/(?:ImageMask\s+true|SMask\s+\d|Mask\s*[\[\d])")
_DECODE = re.compile(rb"/Decode\s*[\[\d]")

_ON_PAGE = 0.9  # share of the page that a scan's image must cover
_ON_IMAGE = 0.98  # share of the image that must be visible
_STRAIGHT = 1e-3  # a placement this far from a multiple of 90 degrees (as a tangent) needs rendering
_MOST_OBJECTS = 500_000  # per page; a drawn map has some hundred thousand
_DEEPEST = 15  # nested forms; PDFium itself allows 40
_SQUARE = 1.05  # pixels whose sides differ by more than this factor are made square by rendering


@dataclass(frozen=True)
class _Document:
    """An opened PDF, and what its bytes say about all of its images (searched at first use: 0.3 ms per megabyte)."""

    handle: pypdfium2.PdfDocument
    data: bytes
    limits: DecodeLimits

    @cached_property
    def masked(self) -> bool:
        return _MASK.search(self.data) is not None

    @cached_property
    def decode_arrays(self) -> bool:
        return _DECODE.search(self.data) is not None


@contextmanager
def open_pdf(data: bytes, limits: DecodeLimits) -> Iterator[Pages]:
    """Open a PDF. Raises PageError: TRUNCATED, ENCRYPTED, DAMAGED, NO_PAGES or, for too many pages, TOO_LARGE."""
    integrity.check_pdf(data)
    with _LOCK:
        handle = _load(data)
    try:
        with _LOCK:
            count = len(handle)
        _check_count(count, limits)
        document = _Document(handle, data, limits)
        yield Pages(count, lambda index: _read(document, index))
    finally:
        with _LOCK:
            handle.close()


def _load(data: bytes) -> pypdfium2.PdfDocument:
    # by the raw call: PdfDocument(bytes) never closes a document without pages; open_pdf's frame keeps `data` alive
    handle = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if handle:
        return pypdfium2.PdfDocument(handle)
    if pdfium.FPDF_GetLastError() in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
        message = "the PDF file is encrypted; save a copy without its password"
        raise PageError(FailureReason.ENCRYPTED, message)
    raise PageError(FailureReason.DAMAGED, "the PDF file is damaged and cannot be opened; copy or export it again")


def _check_count(count: int, limits: DecodeLimits) -> None:
    if count <= 0:
        raise PageError(FailureReason.NO_PAGES, "the PDF file has no pages; export it again")
    if count > limits.max_pages:
        integrity.too_many_pages(str(count), limits.max_pages)


def _read(document: _Document, index: int) -> PageImage:
    try:
        with _LOCK, closing(document.handle[index]) as page:
            return _page_image(page, document)
    except _PDFIUM_ERRORS as error:
        message = f"page {index + 1} of the PDF file is damaged ({error}); export it again"
        raise PageError(FailureReason.DAMAGED, message) from error


def _page_image(page: pypdfium2.PdfPage, document: _Document) -> PageImage:
    scan = _sole_image(page)
    if scan is None or not _is_scan(scan, page):
        return _render(page, document.limits.render_dpi, document.limits)
    dpi = math.sqrt(math.prod(_resolution(scan)))
    if document.masked:
        return _render(page, dpi, document.limits)
    _check_image(scan, document.limits)
    pixels = _placed(_pixels(scan, document), scan.get_matrix(), page.get_rotation())
    return PageImage(np.ascontiguousarray(pixels), believable(dpi))


def _check_image(image: pypdfium2.PdfImage, limits: DecodeLimits) -> None:
    width, height = image.get_px_size()
    check_pixels(width, height, limits)


def _sole_image(page: pypdfium2.PdfPage) -> pypdfium2.PdfImage | None:
    """Return the page's only image, if nothing visible is drawn over it (an earlier OCR layer is invisible)."""
    image = None
    for thing in page.get_objects(max_depth=1):
        if image is not None and not _is_invisible(thing):
            return None
        if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            image = thing
    return image


def _is_invisible(thing: pypdfium2.PdfObject) -> bool:
    if thing.type != pdfium.FPDF_PAGEOBJ_TEXT:
        return False
    return bool(pdfium.FPDFTextObj_GetTextRenderMode(thing) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)


def _is_scan(image: pypdfium2.PdfImage, page: pypdfium2.PdfPage) -> bool:
    """Whether the image covers the page, is entirely visible, upright and has square pixels."""
    shape = image.get_matrix()
    long, short = sorted((abs(shape.a) + abs(shape.d), abs(shape.b) + abs(shape.c)), reverse=True)
    across, down = _resolution(image)
    if short > _STRAIGHT * long or not across or not down:
        return False
    on_page, on_image = _overlap(page.get_bbox(), image.get_bounds())
    return on_page >= _ON_PAGE and on_image >= _ON_IMAGE and 1 / _SQUARE <= across / down <= _SQUARE


def _overlap(page: tuple[float, ...], image: tuple[float, ...]) -> tuple[float, float]:
    """Return the common area of two boxes (left, bottom, right, top), as a share of each."""
    width = min(page[2], image[2]) - max(page[0], image[0])
    height = min(page[3], image[3]) - max(page[1], image[1])
    if width <= 0 or height <= 0:
        return 0.0, 0.0
    page_area, image_area = ((box[2] - box[0]) * (box[3] - box[1]) for box in (page, image))
    return width * height / page_area, width * height / image_area


def _resolution(image: pypdfium2.PdfImage) -> tuple[float, float]:
    """Return pixels per inch along the image's rows and columns; zeros for an image placed as a line or a point."""
    shape = image.get_matrix()
    width, height = image.get_px_size()
    across, down = math.hypot(shape.a, shape.b), math.hypot(shape.c, shape.d)
    if not across or not down:
        return 0.0, 0.0
    return width * _POINTS_PER_INCH / across, height * _POINTS_PER_INCH / down


def _pixels(scan: pypdfium2.PdfImage, document: _Document) -> Grey:
    """Return the stored image, row 0 first. A plain JPEG is decoded from its own bytes: five times as fast as by PDFium."""
    if scan.get_filters() == ["DCTDecode"] and not document.decode_arrays:
        jpeg = bytes(scan.get_data())
        if not is_of_inks(jpeg):  # the PDF defines what 0 means for an ink
            return decode_picture(jpeg, ImageFormat.JPEG, document.limits, turn=False).pixels
    return _grey(scan.get_bitmap())


def _placed(pixels: Grey, shape: pypdfium2.PdfMatrix, rotation: int) -> Grey:
    """Place pixels as the page shows them: by the matrix (PDF's y points up), then turned clockwise with the page."""
    if abs(shape.b) + abs(shape.c) > abs(shape.a) + abs(shape.d):
        pixels = pixels.T[:: -1 if shape.b > 0 else 1, :: -1 if shape.c > 0 else 1]
    else:
        pixels = pixels[:: -1 if shape.d < 0 else 1, :: -1 if shape.a < 0 else 1]
    return np.rot90(pixels, -rotation // 90)


def _render(page: pypdfium2.PdfPage, dpi: float, limits: DecodeLimits) -> PageImage:
    scale = dpi / _POINTS_PER_INCH * (1 - 1e-6)  # sizes are rounded up: 40.000001 pixels should be 40
    check_pixels(math.ceil(page.get_width() * scale), math.ceil(page.get_height() * scale), limits)
    _check_objects(page, limits)
    return PageImage(_grey(page.render(scale=scale, grayscale=True)), believable(dpi))


def _check_objects(page: pypdfium2.PdfPage, limits: DecodeLimits) -> None:
    """Check before drawing: number of objects, nesting, and size of the images among them."""
    for count, thing in enumerate(page.get_objects(max_depth=_DEEPEST + 1), start=1):
        if count > _MOST_OBJECTS or thing.level >= _DEEPEST:
            what = f"more than {_MOST_OBJECTS:,} objects, or forms more than {_DEEPEST} deep"
            raise PageError(FailureReason.TOO_LARGE, f"too large: the PDF page has {what}; export it again as a plain scan")
        if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            _check_image(thing, limits)


def _grey(bitmap: pypdfium2.PdfBitmap) -> Grey:
    """Copy PDFium's pixels, which are freed with the bitmap."""
    bitmap.warn_on_close = False  # no view of its memory outlives this function
    with closing(bitmap):
        values = bitmap.to_numpy()
        if values.ndim == 2 or values.shape[2] == 1:
            return np.array(values, dtype=np.uint8).reshape(values.shape[:2])
        return np.asarray(cv2.cvtColor(values[..., :3], cv2.COLOR_BGR2GRAY), dtype=np.uint8)
