"""kill -9 of a Dask worker, alone or with its nanny, at drawn moments of a run; one cluster for all rounds, as people have it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.faults import PATIENCE, ROUNDS, SEED, Moment, Place, assert_like, assert_nothing_torn, drawn_moment, make_place
from tests.support.servers.dask import DaskCluster, dask_running

pytestmark = pytest.mark.long

WORKERS = 2


@pytest.fixture(scope="module")
def cluster(slips, served_home, prefect_server, tmp_path_factory) -> Iterator[DaskCluster]:
    folder = tmp_path_factory.mktemp("dask")
    place = make_place(folder / "place", slips, served_home, **prefect_server.environment)
    with dask_running(folder, place.variables, WORKERS) as running:
        yield running


def start(place: Place, cluster: DaskCluster) -> subprocess.Popen[bytes]:
    return place.start("--runner", "dask", "--scheduler", cluster.url)


@pytest.fixture(scope="module")
def usual_on_dask(slips, served_home, prefect_server, cluster, tmp_path_factory) -> float:
    """Seconds that a run takes on the cluster."""
    place = make_place(tmp_path_factory.mktemp("usual"), slips, served_home, **prefect_server.environment)
    began = time.monotonic()
    assert start(place, cluster).wait(PATIENCE) == 0, place.words()[-3000:]
    return time.monotonic() - began


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_dask_worker_that_is_killed_costs_time_alone(number, place, undisturbed, cluster, usual_on_dask):
    draw = random.Random(f"{SEED} dask {number}")
    whole, moment = number % 2 == 1, drawn_moment(draw, usual_on_dask)
    cluster.fill(WORKERS)
    run = start(place, cluster)
    moment.wait(place, run)
    nanny = draw.choice(cluster.nannies)
    with suppress(ProcessLookupError):
        os.killpg(nanny.pid, signal.SIGKILL) if whole else os.kill(cluster.worker_of(nanny), signal.SIGKILL)
    print(f"{'nanny and worker' if whole else 'worker'} killed, {place.manifests()} batches stood")
    assert_nothing_torn(place)
    code = run.wait(PATIENCE)

    assert code == 0, place.words()[-3000:]
    assert_like(place, undisturbed)


def test_a_run_whose_scheduler_is_killed_says_so_and_the_next_run_goes_on(place, undisturbed, tmp_path):
    with dask_running(tmp_path / "dask", place.variables, 1) as cluster:
        run = start(place, cluster)
        Moment(1, 0).wait(place, run)
        cluster.scheduler.kill()
        code = run.wait(PATIENCE)

    assert code == 1
    assert f"the Dask scheduler at {cluster.url} ended during the run: start it, then run again" in place.words()
    place.run_well()
    assert_like(place, undisturbed)
