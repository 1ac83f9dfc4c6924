"""A page decoded in a process whose time and memory are limited, for callers that have no pool of their own."""

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
    """Run in the worker; an error as a value, so that its reason is not lost."""
    try:
        return decode_page(job.data, job.index, job.limits)
    except PageError as error:
        return error


def decode_apart(job: DecodeJob, seconds: float, megabytes: float) -> PageImage:
    """The page. Raises PageError, TOO_LARGE or TIMED_OUT where it takes more memory or time than that."""
    pool = WorkerPool(1, seconds, megabytes)
    try:
        (result,) = pool.run(decode_job, [job])
    finally:
        pool.close()
    return result_of(result)


def result_of(outcome: Result | PageError | Lost) -> Result:
    """What came back of a worker, if it is a result. Raises PageError for what was lost, and one that was returned."""
    if isinstance(outcome, Lost):
        raise PageError(outcome.reason, outcome.message)
    if isinstance(outcome, PageError):
        raise outcome
    return outcome
