"""A run's connection to the workers of a Dask scheduler, with a real one in this process."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import LocalCluster

from digit_core.errors import InputError
from flows import run_dask
from tests.support.servers.process import free_port


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def plan(monkeypatch) -> Any:
    monkeypatch.setattr(run_dask, "replace", lambda plan, **changes: SimpleNamespace(**{**vars(plan), **changes}))
    return SimpleNamespace(home="")


def lost() -> None:
    raise OSError("Timed out trying to connect to the worker")


def test_a_worker_that_dies_after_the_last_batch_does_not_fail_the_run(scheduler, plan, monkeypatch):
    monkeypatch.setattr(run_dask, "_leave", lost)

    with run_dask.cluster(plan, scheduler) as dask:
        threads = dask.window() // run_dask.SPARE

    assert threads == 1


def test_an_error_of_the_run_is_not_taken_for_a_missing_scheduler(scheduler, plan):
    with pytest.raises(OSError, match="No space left"), run_dask.cluster(plan, scheduler):
        raise OSError("No space left on device")


def test_a_scheduler_that_does_not_answer_is_named(plan):
    nobody = f"tcp://127.0.0.1:{free_port()}"

    with pytest.raises(InputError, match=f"no Dask scheduler answers at {nobody}: start it"), run_dask.cluster(plan, nobody):
        pass
