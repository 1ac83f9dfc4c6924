"""Jobs for worker processes, in a module that those can import."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from digit_core.errors import PageError, StorageError
from digit_core.imaging.decode import decode_page, probe
from digit_core.params import DecodeLimits
from digit_core.records import PageFailure, PageRef
from tasks.jobs import DetectJob, detect_page


def act(item: str) -> str:
    """The item says what to do."""
    if item == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "hang":
        time.sleep(600)
    if item == "compute":
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2 * 10**9)  # in C, where no signal handler of Python gets a turn
    if item == "rest":
        time.sleep(1)
    if item == "fail":
        raise ValueError("a bug")
    return item.upper()


def pid(item: object) -> int:
    return os.getpid()


def modules(item: object) -> list[str]:
    return sorted({name.partition(".")[0] for name in sys.modules})


def detect_unless_deadly(job: DetectJob) -> PageRef | PageFailure:
    """As the real thing, but the pages of a file called "deadly" crash whoever reads them."""
    if "deadly" in job.path.name:
        os.kill(os.getpid(), signal.SIGKILL)
    return detect_page(job)


def detect_until_fatal(job: DetectJob) -> PageRef | PageFailure:
    """As the real thing, but a file called "fatal" ends the run."""
    if "fatal" in job.path.name:
        raise StorageError("the end")
    return detect_page(job)


def decode(path: Path) -> str | PageError:
    """The first page of the file."""
    try:
        data = path.read_bytes()
        probe(data, DecodeLimits())
        return str(decode_page(data, 0, DecodeLimits()).pixels.shape)
    except PageError as error:
        return error


def take(path: Path) -> int:
    """Write down that it was tried, and hold more and more memory."""
    with path.open("a") as file:
        file.write("tried\n")
    held = [bytearray(b"x") * 20_000_000 for _ in range(200)]
    return len(held)
