"""Runs that more than one process does: Prefect workers, a Dask cluster, servers in place of the embedded defaults."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import processes
import pytest
from dask_servers import dask_running
from fault_places import DIGITS, MARK, PATIENCE, PREFECT, ROUNDS, SEED, Place, assert_like, assert_nothing_torn, make_place, slip
from prefect_servers import prefect_running

from deployments.zombies import SILENT_SECONDS

pytestmark = pytest.mark.long

VICTIMS = ("flow", "worker", "both")


def on_dask(place: Place, url: str) -> subprocess.Popen[bytes]:
    return place.start("--runner", "dask", "--scheduler", url)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_dask_worker_that_is_killed_in_mid_run_costs_time_alone(number, place, undisturbed, tmp_path):
    draw = random.Random(f"{SEED} dask {number}")
    with dask_running(tmp_path / "dask", place.variables) as cluster:
        run = on_dask(place, cluster.url)
        while run.poll() is None and not list(Path(place.out).glob("pages/*.parquet")):
            time.sleep(0.05)
        time.sleep(draw.uniform(0, 0.5))
        nanny = draw.choice(cluster.nannies)
        whole = number % 2 == 1
        with suppress(ProcessLookupError):
            os.killpg(nanny.pid, signal.SIGKILL) if whole else os.kill(cluster.worker_of(nanny), signal.SIGKILL)
        print(f"{'nanny and worker' if whole else 'worker'} killed with {place.manifests()} of 4 batches sealed")
        code = run.wait(PATIENCE)

    assert code == 0, place.words()[-3000:]
    assert_like(place, undisturbed)


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


def wait_for_batches(place: Place, count: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while place.manifests() < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return place.manifests() >= count


def flow_processes(place: Place) -> list[int]:
    """Of the runs that workers from here have in hand."""
    ours = {pid: processes.command(pid) for pid in processes.marked(MARK, place.mark)}
    return [pid for pid, words in ours.items() if "flow_engine" in words or "prefect.engine" in words]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_deployed_run_whose_processes_are_killed_is_taken_up_by_the_next_run(number, place, undisturbed):
    draw = random.Random(f"{SEED} deployed {number}")
    who = VICTIMS[number % 3]
    assert place.start(command=(DIGITS, "deploy", "--limit", "100")).wait(PATIENCE) == 0, place.words()[-2000:]
    with worker(place) as first:
        ask_for_a_run(place)
        wait_for_batches(place, 1, PATIENCE)
        time.sleep(draw.uniform(0, 0.3))
        flow = flow_processes(place)
        for pid in {"flow": flow, "worker": [first.pid], "both": [*flow, first.pid]}[who]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        print(f"{who} killed with {place.manifests()} of 4 batches sealed, flow processes: {flow}")
        assert_nothing_torn(place)
    again = replace(place, mark=place.mark + "again")
    with worker(again):
        ask_for_a_run(again, "--watch", "--watch-timeout", str(PATIENCE))

    assert_like(place, undisturbed)


def test_a_run_whose_process_and_worker_are_gone_is_marked_as_crashed_by_the_automation(place):
    assert place.start(command=(DIGITS, "deploy", "--limit", "100")).wait(PATIENCE) == 0, place.words()[-2000:]
    with worker(place) as first:
        ask_for_a_run(place)
        wait_for_batches(place, 1, PATIENCE)
        for pid in [*flow_processes(place), first.pid]:
            os.kill(pid, signal.SIGKILL)
    assert run_of(place)["state_type"] == "RUNNING"  # nobody is left to say otherwise

    deadline = time.monotonic() + SILENT_SECONDS + 120
    while (run := run_of(place))["state_type"] == "RUNNING" and time.monotonic() < deadline:
        time.sleep(2)

    assert run["state_type"] == "CRASHED"
    assert f"no sign of life for {SILENT_SECONDS} s" in run["state"]["message"]


def run_of(place: Place) -> dict[str, Any]:
    """The one run of this place, as Prefect has it."""
    runs = httpx.post(f"{place.environment['PREFECT_API_URL']}/flow_runs/filter", json={}).raise_for_status().json()
    (found,) = [run for run in runs if run["parameters"].get("out") == place.out]
    return dict(found)


def test_prefects_server_may_be_restarted_in_mid_run(place, undisturbed, tmp_path):
    with prefect_running(tmp_path / "prefect") as server:
        here = replace(place, environment=server.environment)
        run = here.start()
        wait_for_batches(here, 1, PATIENCE)
        server.kill()
        time.sleep(3)
        server.start()
        code = run.wait(PATIENCE)

    assert code == 0, here.words()[-3000:]
    assert_like(here, undisturbed)


def test_two_workers_share_a_source_and_the_tables_are_those_of_one_run(place, undisturbed):
    assert place.start(command=(DIGITS, "deploy", "--shares", "2")).wait(PATIENCE) == 0, place.words()[-2000:]
    with worker(place), worker(replace(place, mark=place.mark + "two")):
        ask_for_a_run(place, "--param", "shares=2")
        assert wait_for_pages(place, 100, PATIENCE)

    assert place.tables() == undisturbed.tables()
    assert len({row["run_id"] for row in place.results.read("pages").to_pylist()}) == 2


def wait_for_pages(place: Place, count: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if place.results.read("pages", ["uri"]).num_rows == count:
            return True
        time.sleep(1)
    return False


def test_servers_in_place_of_the_embedded_defaults_give_the_same_tables(
    slips, undisturbed, tmp_path, swift_server, postgres_server, no_aws_environment
):
    import psycopg
    import tiny_model
    from mlflow_servers import mlflow_running
    from servers import bucket_store

    from tasks.adapters.registry import Registry

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
            assert on_dask(dask, cluster.url).wait(PATIENCE) == 0, here.words()[-3000:]

    expected = undisturbed.tables()
    assert here.tables() == expected
    assert dask.tables() == expected
