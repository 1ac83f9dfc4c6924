import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress

import psutil
import pytest

from digit_core.errors import FailureReason
from tasks.work_limits import Lost
from tasks.worker_pool import WorkerPool
from tests.support import pool_jobs

pytestmark = pytest.mark.slow

SECONDS = 3.0


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(2, SECONDS)
    yield pool
    pool.close()


def test_results_come_in_the_order_of_the_items_however_they_are_cut_into_jobs(pool: WorkerPool) -> None:
    items = [f"page {number}" for number in range(10)]

    results = pool.run(pool_jobs.act, items, per_job=3)

    assert results == [item.upper() for item in items]


def test_every_item_is_counted_when_its_job_is_done(pool: WorkerPool) -> None:
    counts: list[int] = []

    pool.run(pool_jobs.act, ["a"] * 7, per_job=3, on_done=counts.append)

    assert counts == [3, 3, 1]


def test_what_finishes_earlier_work_does_not_wait_for_all_that_was_handed_in_before_it() -> None:
    pool = WorkerPool(1, SECONDS)
    order: list[str] = []
    first = threading.Thread(target=lambda: (pool.run(pool_jobs.act, ["rest"] * 4), order.append("pages")))
    try:
        pool.run(pool_jobs.act, ["a"])  # its process has started
        first.start()
        time.sleep(0.3)
        pool.run(pool_jobs.act, ["b"] * 3, finishing=True)
        order.append("rows")
        first.join()
    finally:
        pool.close()

    assert order == ["rows", "pages"]


def test_of_two_who_call_the_first_is_served_first() -> None:
    pool = WorkerPool(1, SECONDS)
    order: list[str] = []

    def call(name: str) -> None:
        pool.run(pool_jobs.act, ["rest"] * 2)
        order.append(name)

    callers = [threading.Thread(target=call, args=(name,)) for name in ("first", "second")]
    try:
        for caller in callers:
            caller.start()
            time.sleep(0.1)
        for caller in callers:
            caller.join()
    finally:
        pool.close()

    assert order == ["first", "second"]


def test_an_item_that_crashes_its_worker_is_lost_alone(pool: WorkerPool) -> None:
    results = pool.run(pool_jobs.act, ["a", "crash", "b", "c"], per_job=4)

    assert results[0::2] == ["A", "B"]
    assert results[3] == "C"
    assert isinstance(results[1], Lost)
    assert results[1].reason == FailureReason.CRASHED
    assert "-9" in results[1].message


def test_an_item_that_hangs_is_ended_and_lost_alone() -> None:
    pool = WorkerPool(2, 0.5)
    try:
        results = pool.run(pool_jobs.act, ["a", "hang", "b"], per_job=3)
    finally:
        pool.close()

    assert results[0] == "A"
    assert results[2] == "B"
    assert isinstance(results[1], Lost)
    assert results[1].reason == FailureReason.TIMED_OUT
    assert "0.5 s" in results[1].message


def test_an_item_may_wait_longer_than_it_may_compute() -> None:
    pool = WorkerPool(1, 0.4)
    try:
        assert pool.run(pool_jobs.act, ["rest"]) == ["REST"]
    finally:
        pool.close()


def test_an_item_that_computes_too_long_is_ended_whatever_code_it_is_in() -> None:
    pool = WorkerPool(1, 1.0)
    try:
        results = pool.run(pool_jobs.act, ["a", "compute", "b"], per_job=3)
    finally:
        pool.close()

    assert results[0::2] == ["A", "B"]
    assert isinstance(results[1], Lost)
    assert results[1].reason == FailureReason.TIMED_OUT
    assert "processor time" in results[1].message


@pytest.mark.parametrize("pace", [100, -100])
def test_items_are_timed_by_a_clock_that_does_not_jump(pace: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = time.time
    pool = WorkerPool(1, 0.5)
    try:
        pool.run(pool_jobs.act, ["the workers have started"])
        monkeypatch.setattr(time, "time", lambda: pace * right())
        results = pool.run(pool_jobs.act, ["rest", "hang"])
    finally:
        pool.close()

    assert results[0] == "REST"
    assert isinstance(results[1], Lost)
    assert results[1].reason == FailureReason.TIMED_OUT


def test_an_error_nobody_foresaw_costs_one_item_and_names_its_place(pool: WorkerPool) -> None:
    results = pool.run(pool_jobs.act, ["a", "fail", "b"], per_job=3)

    assert results[0::2] == ["A", "B"]
    assert isinstance(results[1], Lost)
    assert "ValueError: a bug" in results[1].message
    assert "pool_jobs.py" in results[1].message


def test_a_worker_that_dies_between_jobs_is_replaced_unnoticed(pool: WorkerPool) -> None:
    (pid,) = pool.run(pool_jobs.pid, ["one"])
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)

    results = pool.run(pool_jobs.act, list("abcdef"))

    assert results == list("ABCDEF")


def test_workers_load_neither_an_orchestrator_nor_tensorflow_nor_the_program_that_started_them(pool: WorkerPool) -> None:
    (loaded,) = pool.run(pool_jobs.modules, ["one"])

    assert isinstance(loaded, list)
    assert {"prefect", "mlflow", "tensorflow", "sqlalchemy", "pytest", "_pytest"}.isdisjoint(loaded)


def test_closing_the_pool_releases_whoever_waits_for_a_result() -> None:
    pool = WorkerPool(1, 600)
    pool.run(pool_jobs.act, ["warm"])
    ended: list[type[BaseException]] = []

    def wait() -> None:
        try:
            pool.run(pool_jobs.act, ["hang", "a", "b"])
        except CancelledError as error:
            ended.append(type(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    pool.close()
    waiting.join(timeout=30)

    assert ended == [CancelledError]


def test_closing_the_pool_ends_workers_that_compute_at_once() -> None:
    pool = WorkerPool(2, 600)
    waiting = threading.Thread(target=compute_until_closed, args=(pool,))
    (pid,) = pool.run(pool_jobs.pid, ["warm"])
    waiting.start()
    time.sleep(1)

    told = time.monotonic()
    pool.close()

    assert time.monotonic() - told < 2
    assert not psutil.pid_exists(int(str(pid)))
    waiting.join(timeout=30)


def compute_until_closed(pool: WorkerPool) -> None:
    with suppress(CancelledError):
        pool.run(pool_jobs.act, ["compute"] * 4)
