"""Small files that cost much: each is given up within a time and a memory that are set beforehand, and says why."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from digit_core.errors import FailureReason, PageError
from digit_core.imaging.decode import decode_page
from digit_core.params import DecodeLimits
from tasks.work_limits import Lost
from tasks.worker_pool import WorkerPool
from tests.support import pool_jobs
from tests.support.costly_files import COSTLY

LIMITS = DecodeLimits()
MEGABYTES = 700.0
SECONDS = 40.0
GIVEN = sorted(Path(__file__).parents[3].glob("shared/cases/hostile/*"))
GIVEN_UP = (FailureReason.TOO_LARGE, FailureReason.DAMAGED, FailureReason.TIMED_OUT)


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(1, SECONDS, MEGABYTES)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("costly")
    for name, make in COSTLY.items():
        (folder / name).write_bytes(make())
    return folder


@contextmanager
def memory_of_children() -> Iterator[list[float]]:
    """Megabytes that the largest child process held for itself alone, looked at 100 times a second while the block runs."""
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    most[0] = max(most[0], child.memory_full_info().uss / 2**20)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


def given_up(pool: WorkerPool, path: Path) -> FailureReason:
    before = time.monotonic()
    with memory_of_children() as most:
        (outcome,) = pool.run(pool_jobs.decode, [path])
    assert isinstance(outcome, Lost | PageError), f"{path.name} was decoded as {outcome}"
    assert time.monotonic() - before < 1.5 * SECONDS, "it was tried twice, or not ended"
    assert most[0] < 1.5 * MEGABYTES, f"a process took {most[0]:.0f} MB"
    return outcome.reason


@pytest.mark.parametrize("name", COSTLY)
def test_a_file_that_costs_too_much_is_given_up(name: str, pool: WorkerPool, made: Path) -> None:
    assert given_up(pool, made / name) in GIVEN_UP


NOT_HERE = pytest.param(Path(), marks=pytest.mark.skip("../shared/cases is not here"))


@pytest.mark.parametrize("path", GIVEN or [NOT_HERE], ids=lambda path: path.name)
def test_a_file_that_was_sent_to_do_harm_is_given_up(path: Path, pool: WorkerPool) -> None:
    assert given_up(pool, path) in GIVEN_UP


def test_what_was_ended_for_its_memory_is_not_tried_again(pool: WorkerPool, tmp_path: Path) -> None:
    tries = tmp_path / "tries"

    with memory_of_children() as most:
        (outcome,) = pool.run(pool_jobs.take, [tries])

    assert 0.5 * MEGABYTES < most[0] < 1.5 * MEGABYTES
    assert isinstance(outcome, Lost)
    assert outcome.reason == FailureReason.TOO_LARGE
    assert "more than 700 MB of memory; DIGITS_PAGE_MEGABYTES" in outcome.message
    assert tries.read_text() == "tried\n"


@pytest.mark.parametrize("name", ["many chunks.png", "empty scans.jpg"])
def test_what_can_be_counted_is_refused_at_once(name: str, made: Path) -> None:
    data = (made / name).read_bytes()
    before = time.process_time()

    with pytest.raises(PageError, match=r"more than [\d,]+ (chunks|scans)"):
        decode_page(data, 0, LIMITS)

    assert time.process_time() - before < 2
