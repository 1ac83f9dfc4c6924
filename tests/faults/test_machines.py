"""Runs that more than one process does: Prefect workers, a Dask cluster, servers in place of the embedded defaults."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from deployments.crash_detection import SILENT_SECONDS
from tests.support import processes
from tests.support.faults import (
    DIGITS,
    MARK,
    PATIENCE,
    PREFECT,
    ROUNDS,
    SEED,
    Place,
    assert_like,
    assert_nothing_torn,
    drawn_moment,
    make_place,
    slip,
)
from tests.support.servers.dask import dask_running
from tests.support.servers.prefect import PrefectServer, prefect_running

pytestmark = pytest.mark.long

VICTIMS = ("flow", "worker", "both")


@pytest.fixture(scope="module")
def deployed(slips, served_home, prefect_server, tmp_path_factory) -> None:
    """The deployments are there, for all rounds."""
    place = make_place(tmp_path_factory.mktemp("deploy"), slips, served_home, **prefect_server.environment)
    assert place.start(command=(DIGITS, "deploy", "--limit", "100")).wait(PATIENCE) == 0, place.words()[-2000:]


@contextmanager
def worker(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    started = place.start(command=(DIGITS, "worker", "--name", place.mark))
    try:
        yield started
    finally:
        for pid in {started.pid, *processes.marked(MARK, place.mark)}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        started.wait()


def ask_for_a_run(place: Place, *more: str) -> None:
    words = (PREFECT, "deployment", "run", "digitise/adhoc", "--param", f"source={place.source}", "--param", f"out={place.out}")
    assert place.start(command=(*words, *more)).wait(PATIENCE) == 0, place.words()[-2000:]


def wait_until(given: Callable[[], bool], pause: float = 0.05) -> None:
    deadline = time.monotonic() + PATIENCE
    while not given():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(pause)


def flow_processes(place: Place) -> list[int]:
    """Of the runs that workers from here have in hand."""
    ours = {pid: processes.command(pid) for pid in processes.marked(MARK, place.mark)}
    return [pid for pid, words in ours.items() if "flow_engine" in words or "prefect.engine" in words]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_deployed_run_whose_processes_are_killed_is_taken_up_by_the_next_run(
    number, place, undisturbed, usual_seconds, deployed
):
    draw = random.Random(f"{SEED} deployed {number}")
    who, moment = VICTIMS[number % 3], drawn_moment(draw, usual_seconds)
    with worker(place) as first:
        ask_for_a_run(place)
        wait_until(lambda: bool(flow_processes(place)))
        moment.wait(place, first)
        flow = flow_processes(place)
        for pid in {"flow": flow, "worker": [first.pid], "both": [*flow, first.pid]}[who]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        print(f"{who} killed with {place.manifests()} batches sealed, flow processes: {flow}")
        assert_nothing_torn(place)
        if who == "worker":  # the run itself lives, and goes on
            wait_until(lambda: not flow_processes(place))
    again = replace(place, mark=place.mark + "again")
    with worker(again):
        ask_for_a_run(again, "--watch", "--watch-timeout", str(PATIENCE))

    assert_like(place, undisturbed)


def test_a_run_whose_process_and_worker_are_gone_is_marked_as_crashed_by_the_automation(place, deployed):
    with worker(place) as first:
        ask_for_a_run(place)
        wait_until(lambda: place.manifests() > 0)
        for pid in [*flow_processes(place), first.pid]:
            os.kill(pid, signal.SIGKILL)
    assert run_of(place)["state_type"] == "RUNNING"  # nobody is left to say otherwise

    deadline = time.monotonic() + SILENT_SECONDS + 120
    while (run := run_of(place))["state_type"] == "RUNNING" and time.monotonic() < deadline:
        time.sleep(2)

    assert run["state_type"] == "CRASHED"
    assert f"no heartbeat for {SILENT_SECONDS} s" in run["state"]["message"]


def run_of(place: Place) -> dict[str, Any]:
    """The one run of this place, as Prefect has it."""
    (found,) = runs_of(place)
    return found


def runs_of(place: Place) -> list[dict[str, Any]]:
    """Of the newest runs those of this place."""
    newest = {"sort": "EXPECTED_START_TIME_DESC"}
    runs = httpx.post(f"{place.environment['PREFECT_API_URL']}/flow_runs/filter", json=newest).raise_for_status().json()
    return [dict(run) for run in runs if run["parameters"].get("out") == place.out]


@pytest.fixture(scope="module")
def mortal_server(tmp_path_factory) -> Iterator[PrefectServer]:
    """A Prefect server that no other test needs."""
    with prefect_running(tmp_path_factory.mktemp("mortal")) as server:
        yield server


@pytest.mark.parametrize("number", range(ROUNDS))
def test_prefects_server_may_be_restarted_in_mid_run(number, place, undisturbed, usual_seconds, mortal_server):
    draw = random.Random(f"{SEED} server {number}")
    here = replace(place, environment=mortal_server.environment)
    run = here.start()
    wait_until(lambda: [one["state_type"] for one in runs_of(here)] == ["RUNNING"], pause=0.2)
    drawn_moment(draw, usual_seconds / 2).wait(here, run)
    mortal_server.kill()
    away = draw.uniform(0, 10)
    print(f"killed with {here.manifests()} batches sealed, {away:.0f} s away, run {'on' if run.poll() is None else 'over'}")
    time.sleep(away)
    mortal_server.start()

    assert run.wait(PATIENCE) == 0, here.words()[-3000:]
    assert_like(here, undisturbed)


def test_two_workers_share_a_source_and_the_tables_are_those_of_one_run(place, undisturbed):
    assert place.start(command=(DIGITS, "deploy", "--shares", "2")).wait(PATIENCE) == 0, place.words()[-2000:]
    with worker(place), worker(replace(place, mark=place.mark + "two")):
        ask_for_a_run(place, "--param", "shares=2")
        wait_until(lambda: place.results.read("pages", ["file"]).num_rows == 100, pause=1)

    assert place.tables() == undisturbed.tables()
    assert len({row["run_id"] for row in place.results.read("pages").to_pylist()}) == 2


def test_servers_in_place_of_the_embedded_defaults_give_the_same_tables(
    slips, undisturbed, tmp_path, swift_server, postgres_server, no_aws_environment
):
    import psycopg

    from tasks.adapters.registry.registry import Registry
    from tests.support import tiny_model
    from tests.support.servers.mlflow import mlflow_running
    from tests.support.servers.object_stores import bucket_store

    for name in ("prefect", "mlflow", "review"):
        with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name}")
    store = bucket_store("swift", swift_server)
    for number in range(100):
        store.put(f"scans/slip {number:03}.png", slip(number))
    asyncpg = postgres_server.replace("postgresql://", "postgresql+asyncpg://")
    backend = postgres_server.replace("postgresql://", "postgresql+psycopg://")
    with (
        mlflow_running(tmp_path / "mlflow", f"{backend}/mlflow") as url,
        prefect_running(tmp_path, f"{asyncpg}/prefect") as server,
    ):
        Registry(url, tmp_path / "cache", shipped=tiny_model.write(tmp_path / "tiny")).champion()
        variables = {
            **server.environment,
            "DIGITS_MLFLOW_TRACKING_URI": url,
            "DIGITS_REVIEW_DATABASE_URL": f"{postgres_server}/review",
        }
        base = make_place(tmp_path / "place", slips, tmp_path / "home", **variables)
        here = replace(base, source=f"{store.base}/scans", out=f"{store.base}/out", options=store.options)
        here.run_well()
        with dask_running(tmp_path / "dask", here.variables) as cluster:
            dask = replace(here, out=f"{store.base}/dask")
            assert dask.start("--runner", "dask", "--scheduler", cluster.url).wait(PATIENCE) == 0, here.words()[-3000:]

    expected = undisturbed.tables()
    assert here.tables() == expected
    assert dask.tables() == expected
