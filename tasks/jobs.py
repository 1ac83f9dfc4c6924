"""Functions of one file or page that run in the worker processes. No orchestrator is imported here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from digit_core import ALGORITHM_VERSION
from digit_core.errors import FailureReason, PageError, StorageError
from digit_core.imaging.decode import probe
from digit_core.imaging.rotation import quarters_of
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.inference.reader import Columns, OnnxReader
from digit_core.inference.second_reader import SecondReader
from digit_core.layouts.template import Layout
from digit_core.params import DecodeLimits
from digit_core.readings import PageRead, ReadBy, ReviewItem
from digit_core.recognition.pipeline import PageReader
from digit_core.recognition.transcription.second_opinion import Second
from digit_core.records import Grey, PageFailure, PageRef
from tasks.adapters.registry.cache import ModelFile
from tasks.reader_spec import ReaderSpec

if TYPE_CHECKING:  # PyArrow: 0.1 s that a look at an image can avoid
    import pyarrow as pa

    Tables = dict[str, pa.Table]


@lru_cache(maxsize=2)
def page_reader(spec: ReaderSpec) -> PageReader:
    """Return this process's PageReader for this spec; it is built once."""
    networks = spec.networks
    return PageReader(
        _reader(networks.detector, networks.strip_reader),
        _classifier(networks.classifier),
        spec.limits,
        spec.segmentation,
        spec.review,
        parsed_layouts(spec.layouts),
        None if spec.second_network is None else Second(_Asked(spec.second_network), spec.second),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """The second reader of this process, which is loaded when it is first asked: that takes as long as a number's reading."""

    path: Path

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        return _second_reader(self.path).read(strips) if strips else []

    def spell(self, strips: Sequence[Grey]) -> list[Columns]:
        return _second_reader(self.path).spell(strips) if strips else []


@lru_cache(maxsize=1)
def _second_reader(path: Path) -> SecondReader:
    return SecondReader(path)


@lru_cache(maxsize=2)
def _reader(detector: ModelFile, strip_reader: ModelFile) -> OnnxReader:
    return OnnxReader(detector.path, strip_reader.path)


@lru_cache(maxsize=2)
def _classifier(file: ModelFile) -> OnnxRecogniser:
    return OnnxRecogniser(file.path, file.version)


def parsed_layouts(texts: tuple[str, ...]) -> tuple[Layout, ...]:
    """Parse the texts of layout files."""
    if not texts:
        return ()
    from digit_core.layouts.template_file import parse_layout  # Pydantic: 0.1 s that a run without layouts can avoid

    return tuple(parse_layout(text) for text in texts)


@dataclass(frozen=True, slots=True)
class FileJob:
    """A local file to probe; `ref` names it, with SHA-256 and page count still unknown."""

    path: Path
    ref: PageRef
    limits: DecodeLimits


def probe_file(job: FileJob) -> PageRef | PageFailure:
    """Hash a file and count its pages."""
    digest = ""
    try:
        data = _bytes_of(job.path)
        digest = hashlib.sha256(data).hexdigest()
        return PageRef(job.ref.uri, job.ref.version, digest, 0, probe(data, job.limits))
    except PageError as error:
        return PageFailure(PageRef(job.ref.uri, job.ref.version, digest), error.reason, str(error))


@dataclass(frozen=True, slots=True)
class PageJob:
    """A page of a local file to read. `strip`: it is one cropped number."""

    path: Path
    ref: PageRef
    spec: ReaderSpec
    strip: bool = False


def read_page(job: PageJob) -> PageRead | PageFailure:
    """Read a page completely."""
    reader = page_reader(job.spec)
    try:
        image = reader.decode(_unchanged_bytes(job.path, job.ref.sha256), job.ref.index)
    except PageError as error:
        return PageFailure(job.ref, error.reason, str(error))
    return reader.read_strip(image, job.ref) if job.strip else reader.read(image, job.ref)


@dataclass(frozen=True, slots=True)
class DetectJob:
    """A page of a local file to find digits on; the detections are written to `kept`."""

    path: Path
    ref: PageRef
    spec: ReaderSpec
    kept: Path


def detect_page(job: DetectJob) -> PageRef | PageFailure:
    """Decode a page and find its digits; return its reference, or a failure."""
    from digit_core.recognition.page_table import keep_page
    from digit_core.review.snippets import windows_around

    reader = page_reader(job.spec)
    try:
        image = reader.decode(_unchanged_bytes(job.path, job.ref.sha256), job.ref.index)
    except PageError as error:
        return PageFailure(job.ref, error.reason, str(error))
    found = reader.detect(image, job.ref)
    numbers = [number.boxes for number in found.digits.numbers]
    windows = windows_around(image.pixels, numbers, quarters_of(found.digits.skew))
    try:
        keep_page(job.kept, found, windows)
    except OSError as error:
        where = f"the working folder {job.kept.parent} cannot be written ({error.strerror})"
        raise StorageError(f"{where}: free space there, or set DIGITS_HOME to a folder with more") from error
    return job.ref


def sample_page(job: DetectJob) -> PageRead | PageFailure:
    """Read a page; its detections stay in `kept`, for the pictures of review items."""
    from digit_core.recognition.page_table import kept_page

    found = detect_page(job)
    return found if isinstance(found, PageFailure) else page_reader(job.spec).classify(kept_page(job.kept).found)


@dataclass(frozen=True, slots=True)
class ClassifyJob:
    """A page whose digits were found, or that failed before; `collection` is for its review items."""

    page: PageRef | PageFailure
    kept: Path
    spec: ReaderSpec
    read_by: ReadBy
    collection: str


@dataclass(frozen=True, slots=True)
class Classified:
    """The rows of one or many pages, and their review items."""

    tables: Tables
    items: tuple[ReviewItem, ...] = ()


def classify_page(job: ClassifyJob) -> Classified:
    """Classify a page's digits, judge them, and build rows and review items."""
    from digit_core.recognition.page_table import kept_page
    from digit_core.results.schema import batch_tables
    from digit_core.review.questions import questions

    if isinstance(job.page, PageFailure):
        return Classified(batch_tables([job.page], job.read_by))
    kept = kept_page(job.kept)
    page = page_reader(job.spec).classify(kept.found)
    asked = questions(page, kept, job.collection, job.read_by.model_version)
    return Classified(batch_tables([page], job.read_by), tuple(asked))


@dataclass(frozen=True, slots=True)
class RereadJob:
    """A published page to read by the champion and by a challenger; `ref` has the hash it was published with."""

    path: Path
    ref: PageRef
    champion: ReaderSpec
    challenger: ReaderSpec


@dataclass(frozen=True, slots=True)
class Reread:
    """The rows of `numbers` of a page by each of the two."""

    champion: pa.Table
    challenger: pa.Table


def reread_page(job: RereadJob) -> Reread | PageFailure:
    """Read a page by both; detect once where the detection networks are the same. A failure if the file was changed."""
    from digit_core.results.schema import batch_tables

    readers = page_reader(job.champion), page_reader(job.challenger)
    try:
        image = readers[0].decode(_unchanged_bytes(job.path, job.ref.sha256), job.ref.index)
    except PageError as error:
        return PageFailure(job.ref, error.reason, str(error))
    first = readers[0].detect(image, job.ref)
    second = first if readers[0].reader is readers[1].reader else readers[1].detect(image, job.ref)
    read_by = ReadBy("", ALGORITHM_VERSION, "", "", "")
    tables = [
        batch_tables([reader.classify(found)], read_by)["numbers"] for reader, found in zip(readers, (first, second), strict=True)
    ]
    return Reread(*tables)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PageError(FailureReason.MISSING, "there is no such file, or it was deleted") from error
    except OSError as error:
        raise PageError(FailureReason.MISSING, f"the file cannot be read: {error.strerror}") from error


@lru_cache(maxsize=1)  # the pages of one file come one after the other
def _unchanged_bytes(path: Path, sha256: str) -> bytes:
    data = _bytes_of(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PageError(FailureReason.MISSING, "the file was changed since it was looked at; run again to read it as it is now")
    return data
