"""Jobs for worker processes, in a module that those can import."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence

from digit_core.records import PageFailure
from tasks.page_work import PageJob, find_on_pages
from tasks.parcels import Parcel


def act(items: Sequence[str]) -> list[str]:
    """Each item says what to do."""
    return [_act(item) for item in items]


def _act(item: str) -> str:
    if item == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "hang":
        time.sleep(600)
    if item == "rest":
        time.sleep(1)
    if item == "fail":
        raise ValueError("a bug")
    return item.upper()


def pids(items: Sequence[object]) -> list[int]:
    return [os.getpid() for _ in items]


def modules(items: Sequence[object]) -> list[list[str]]:
    return [sorted({name.partition(".")[0] for name in sys.modules}) for _ in items]


def find_unless_deadly(jobs: Sequence[PageJob]) -> list[Parcel | PageFailure]:
    """As the real thing, but the pages of a file called "deadly" crash whoever reads them."""
    for job in jobs:
        if "deadly" in job.path.name:
            os.kill(os.getpid(), signal.SIGKILL)
    return find_on_pages(jobs)
