"""Functions that run in the review page's decoding process, on bytes that may come from anybody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError, PageError
from digit_core.imaging.decode import decode_page, probe
from digit_core.imaging.rotation import image_upright
from digit_core.layouts.authoring import LevelPage, level_page
from digit_core.params import DecodeLimits
from digit_core.records import Grey, PageRef
from tasks.adapters.storage.storage import Storage
from tasks.jobs import page_reader
from tasks.reader_spec import ReaderSpec

LARGEST_PICTURE = 2000
"""Greatest length in pixels of the longer side of the picture under a drawing."""

LARGEST_PAGE = 2600
"""Greatest length in pixels of the longer side of a page from which the pictures beside a number are cut."""


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A page, `index` from 0, of an uploaded file, and how it is read."""

    file: Path
    index: int
    spec: ReaderSpec


@dataclass(frozen=True, slots=True, eq=False)
class LaidOpen:
    """A page to draw on, one of `count` in its file, and its picture as JPEG."""

    page: LevelPage
    picture: bytes
    count: int


@dataclass(frozen=True, slots=True)
class StripJob:
    """The bytes of an image of one number, and the reader for it."""

    data: bytes
    spec: ReaderSpec


@dataclass(frozen=True, slots=True, eq=False)
class StripDigits:
    """The digits found, from left to right: probabilities, shape (n, 11), and crops, shape (n, 28, 28)."""

    probabilities: NDArray[np.float32]
    crops: Grey
    model: str


@dataclass(frozen=True, slots=True)
class ScanJob:
    """A page of a scan whose bytes must have this SHA-256."""

    storage: Storage
    uri: str
    sha256: str
    index: int
    limits: DecodeLimits


@dataclass(frozen=True, slots=True, eq=False)
class SmallPage:
    """A page, reduced by the factor `scale`."""

    pixels: Grey
    scale: float


def open_file(job: OpenJob) -> LaidOpen | PageError:
    """Return the page upright and level. Raises InputError for a page whose size cannot be shown."""
    reader, data = page_reader(job.spec), job.file.read_bytes()
    try:
        count = probe(data, job.spec.limits)
        image = reader.decode(data, job.index)
    except PageError as error:
        return error
    page, picture = level_page(image_upright(image, reader.quarters(image)), reader.written)
    return LaidOpen(page, _jpeg(picture), count)


def read_strip(job: StripJob) -> StripDigits | PageError:
    """Read the digits of a number with the networks in service."""
    reader = page_reader(job.spec)
    try:
        found = reader.detect_strip(reader.decode(job.data, 0), PageRef("", "", ""))
    except PageError as error:
        return error
    return StripDigits(reader.probabilities(found), found.digits.crops, reader.classifier.version)


def _jpeg(picture: Grey) -> bytes:
    height, width = picture.shape
    written, data = cv2.imencode(".jpg", smaller(picture, LARGEST_PICTURE).pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not written:
        raise InputError(f"a page of {width} x {height} pixels cannot be shown")
    return data.tobytes()


def small_page(job: ScanJob) -> SmallPage | PageError:
    """Return the page, reduced if it is large. Raises InputError if the scan's bytes differ, and the storage's errors."""
    data = _read(job)
    if hashlib.sha256(data).hexdigest() != job.sha256:
        raise InputError("the scan was changed")
    try:
        return smaller(decode_page(data, job.index, job.limits).pixels, LARGEST_PAGE)
    except PageError as error:
        return error


def _read(job: ScanJob) -> bytes:
    """Read a regular file up to the size limit."""
    found = next((one for one in job.storage.list_objects(job.uri) if one.uri == job.uri), None)
    if found is None or found.size > job.limits.max_megabytes * 1e6:
        raise InputError("the scan is gone, or too large")
    return job.storage.read(job.uri)


def smaller(pixels: Grey, longest: int) -> SmallPage:
    """Reduce the pixels so that their longer side has at most `longest` pixels."""
    height, width = pixels.shape
    scale = min(1.0, longest / max(height, width))
    if scale == 1.0:
        return SmallPage(pixels, scale)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return SmallPage(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), scale)
