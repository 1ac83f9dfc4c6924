"""What the worker processes do: plain functions from lists to lists. No orchestrator is imported here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from digit_core.errors import FailureReason, PageError
from digit_core.imaging.decode import decode_page, probe
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.layouts.template import Layout
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.readings import ReadBy
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits
from digit_core.records import Box, PageFailure, PageFound, PageRef
from digit_core.results.schema import batch_tables
from digit_core.review.snippets import Cutting, cut
from tasks.parcels import Parcel, pack, unpack


@dataclass(frozen=True, slots=True)
class FileJob:
    """A local file to look at; `ref` names it, its sha256 and page count still unknown."""

    path: Path
    ref: PageRef
    limits: DecodeLimits


@dataclass(frozen=True, slots=True)
class PageJob:
    """A page to find digits on; `layouts` are texts of layout files."""

    path: Path
    ref: PageRef
    limits: DecodeLimits
    params: SegmentationParams
    layouts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CutJob:
    """Places of a page to cut out: for each a digit's box and that of its number, in pixels of the scan, on which the page lies
    turned by so many quarters (digit_core.imaging.rotation).
    """

    path: Path
    ref: PageRef
    limits: DecodeLimits
    places: tuple[tuple[Box, Box], ...]
    quarters: int = 0


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A page whose digits are to be classified, and by what; `layouts` are those that they were found with."""

    page: Parcel | PageFailure
    model: Path
    read_by: ReadBy
    policy: ReviewPolicy
    layouts: tuple[str, ...] = ()


Tables = dict[str, pa.Table]
Cuttings = list[Cutting]


def look_at_files(jobs: Sequence[FileJob]) -> list[PageRef | PageFailure]:
    """Hash each file and count its pages."""
    return [_look_at(job) for job in jobs]


def _look_at(job: FileJob) -> PageRef | PageFailure:
    digest = ""
    try:
        data = _read(job.path)
        digest = hashlib.sha256(data).hexdigest()
        return PageRef(job.ref.uri, job.ref.version, digest, 0, probe(data, job.limits))
    except PageError as error:
        return PageFailure(PageRef(job.ref.uri, job.ref.version, digest), error.reason, str(error))


def find_on_pages(jobs: Sequence[PageJob]) -> list[Parcel | PageFailure]:
    """Decode each page and find its digits."""
    return [_find_on(job) for job in jobs]


def _find_on(job: PageJob) -> Parcel | PageFailure:
    try:
        image = decode_page(_read_unchanged(job.path, job.ref), job.ref.index, job.limits)
    except PageError as error:
        return PageFailure(job.ref, error.reason, str(error))
    digits = find_digits(image, job.params, reader(), forms(job.layouts))
    return pack(PageFound(job.ref, image.width, image.height, image.dpi, digits))


def read_pages(jobs: Sequence[ReadJob]) -> list[Tables]:
    """Classify the digits of each page, decide which go to review, and lay out the rows to publish."""
    return [_read_page(job) for job in jobs]


def _read_page(job: ReadJob) -> Tables:
    if isinstance(job.page, PageFailure):
        return batch_tables([job.page], job.read_by)
    found = unpack(job.page)
    probabilities = recogniser(str(job.model), job.read_by.model_version)(found.digits.crops)
    return batch_tables([judge(found, probabilities, job.policy, forms(job.layouts))], job.read_by)


def cut_from_pages(jobs: Sequence[CutJob]) -> list[Cuttings]:
    """For each place of each page a crop of the digit and a strip of its surroundings, as PNG."""
    return [_cut_from(job) for job in jobs]


def _cut_from(job: CutJob) -> Cuttings:
    try:
        image = decode_page(_read_unchanged(job.path, job.ref), job.ref.index, job.limits)
    except PageError:  # it could be read a moment ago; its digits are asked about without pictures
        return [Cutting()] * len(job.places)
    return cut(image.pixels, job.places, job.quarters)


@lru_cache(maxsize=1)
def recogniser(model: str, version: str) -> OnnxRecogniser:
    """The model, loaded once in each process."""
    return OnnxRecogniser(Path(model), version)


@lru_cache(maxsize=2)
def forms(layouts: tuple[str, ...]) -> tuple[Layout, ...]:
    """The layouts, parsed once in each process."""
    if not layouts:
        return ()
    from digit_core.layouts.template_file import parse_layout  # Pydantic: 0.1 s that a run without layouts does not need

    return tuple(parse_layout(text) for text in layouts)


@lru_cache(maxsize=1)
def reader() -> OnnxReader:
    """The networks that find numbers, loaded once in each process."""
    return OnnxReader()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PageError(FailureReason.MISSING, "there is no such file (any more)") from error
    except OSError as error:
        raise PageError(FailureReason.MISSING, f"the file cannot be read: {error.strerror}") from error


@lru_cache(maxsize=1)  # the pages of one file come one after the other
def _read_once(path: Path, sha256: str) -> bytes:
    data = _read(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PageError(FailureReason.MISSING, "the file was changed while it was being read; run again to read it as it is now")
    return data


def _read_unchanged(path: Path, ref: PageRef) -> bytes:
    return _read_once(path, ref.sha256)
