"""A separate process with limited memory and time, in which the review page decodes uploads and scans.

The number of waiting requests is limited: further ones are told to try again, and their data is not kept.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from fastapi import HTTPException, Request

from digit_core.errors import PageError
from tasks.decoding import result_of
from tasks.work_limits import Lost
from tasks.worker_pool import WorkerPool

MOST_WAITING = 8
"""Greatest number of uploads and pages received or decoded at a time; all but one wait."""

UPLOAD_SECONDS = 120.0
"""Time limit for an upload in seconds."""

Job = TypeVar("Job")
Result = TypeVar("Result")


class BusyError(Exception):
    """No free place in the queue."""


class Apart:
    """The decoding process; `seconds` and `megabytes` are the limits for one file."""

    def __init__(self, seconds: float, megabytes: float, most: int = MOST_WAITING) -> None:
        self._pool = WorkerPool(1, seconds, megabytes)
        self._megabytes = megabytes
        self._places = BoundedSemaphore(most)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue. Raises BusyError if there is none."""
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            yield
        finally:
            self._places.release()

    def run(self, function: Callable[[Job], Result | PageError], job: Job) -> Result:
        """Run the function on the job in the other process. Raises PageError, and any DigitsError that the function raises."""
        try:
            (outcome,) = self._pool.run(function, [job])
        except CancelledError as error:  # the server is shutting down
            raise BusyError from error
        if isinstance(outcome, Lost) and "MB of memory" in outcome.message:
            raise PageError(outcome.reason, f"too large: it needs more than {self._megabytes:,.0f} MB of memory")
        return result_of(outcome)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._pool.close()


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Path]:
    """Store the request's body in a temporary file, so that no upload is held in memory."""
    with tempfile.NamedTemporaryFile(prefix="digits-upload-") as file:
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                async for part in request.stream():
                    file.write(part)
        except TimeoutError as error:
            raise HTTPException(408, "sending took too long: try again") from error
        file.flush()
        yield Path(file.name)
