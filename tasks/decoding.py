"""Decoding of a page in a process with limited time and memory, for callers without a pool of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from digit_core.errors import PageError
from digit_core.imaging.decode import decode_page
from digit_core.params import DecodeLimits
from digit_core.records import PageImage
from tasks.work_limits import Lost
from tasks.worker_pool import WorkerPool

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """A page, `index` from 0, of the file with these bytes."""

    data: bytes
    index: int
    limits: DecodeLimits


def decode_job(job: DecodeJob) -> PageImage | PageError:
    """Decode the page, in the worker; an error is returned as a value, so that its reason is kept."""
    try:
        return decode_page(job.data, job.index, job.limits)
    except PageError as error:
        return error


def decode_apart(job: DecodeJob, seconds: float, megabytes: float) -> PageImage:
    """Decode the page in a child process. Raises PageError; TOO_LARGE or TIMED_OUT where it exceeds a limit."""
    pool = WorkerPool(1, seconds, megabytes)
    try:
        (result,) = pool.run(decode_job, [job])
    finally:
        pool.close()
    return result_of(result)


def result_of(outcome: Result | PageError | Lost) -> Result:
    """Return the worker's result. Raises PageError for a lost item, and a PageError that was returned."""
    if isinstance(outcome, Lost):
        raise PageError(outcome.reason, outcome.message)
    if isinstance(outcome, PageError):
        raise outcome
    return outcome
