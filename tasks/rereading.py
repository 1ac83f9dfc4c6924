"""Reading published pages again by two models, in worker processes. No orchestrator is imported here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from digit_core import ALGORITHM_VERSION
from digit_core.errors import FailureReason, PageError
from digit_core.imaging.decode import decode_page
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.readings import ReadBy
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits
from digit_core.records import PageFailure, PageFound, PageRef
from digit_core.results.schema import batch_tables
from tasks.adapters.registry.cache import ModelFile
from tasks.jobs import reader


@dataclass(frozen=True, slots=True)
class Readers:
    """Both models, and how a page is read for either."""

    champion: ModelFile
    challenger: ModelFile
    limits: DecodeLimits
    segmentation: SegmentationParams
    policy: ReviewPolicy


@dataclass(frozen=True, slots=True)
class RereadJob:
    """A published page: the local file, and the hash it had when it was read (in `ref`)."""

    path: Path
    ref: PageRef
    by: Readers


@dataclass(frozen=True, slots=True)
class Reread:
    """The rows of `numbers` that either model gives for a page."""

    champion: pa.Table
    challenger: pa.Table


def reread_pages(jobs: Sequence[RereadJob]) -> list[Reread | PageFailure]:
    """Each page by both models, its digits cut just once; a failure for pages that are not what they were."""
    return [_reread(job) for job in jobs]


def _reread(job: RereadJob) -> Reread | PageFailure:
    try:
        image = decode_page(_same_bytes(job.path, job.ref.sha256), job.ref.index, job.by.limits)
    except PageError as error:
        return PageFailure(job.ref, error.reason, str(error))
    found = PageFound(job.ref, image.width, image.height, image.dpi, find_digits(image, job.by.segmentation, reader()))
    return Reread(*(_numbers(found, model, job.by.policy) for model in (job.by.champion, job.by.challenger)))


def _numbers(found: PageFound, model: ModelFile, policy: ReviewPolicy) -> pa.Table:
    probabilities = _recogniser(str(model.path), model.version)(found.digits.crops)
    read_by = ReadBy(model.version, ALGORITHM_VERSION, "", "", "")
    return batch_tables([judge(found, probabilities, policy)], read_by)["numbers"]


@lru_cache(maxsize=2)
def _recogniser(model: str, version: str) -> OnnxRecogniser:
    """Each of the two models, loaded once in each process."""
    return OnnxRecogniser(Path(model), version)


@lru_cache(maxsize=1)  # the pages of one file come one after the other
def _same_bytes(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PageError(FailureReason.MISSING, f"gone: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PageError(FailureReason.MISSING, "changed: it is another file than the one that was read")
    return data
