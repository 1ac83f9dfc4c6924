"""One run on a Dask cluster: a task for each group of objects, which its worker takes from fetching to sealing.

One task and not six, because the files of a group lie on the machine that fetched them. Dask runs a task again when its
worker dies; that is safe, as the same group goes to the same keys. Nothing is shared but storage, review database and
model registry, which a cluster of several machines needs in their grown-up forms.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from prefect import task

from digit_core.errors import InputError
from digit_core.records import SourceObject
from flows.flights import Flight, groups
from flows.planning import registry
from flows.settings import load_settings
from flows.spool import spool
from tasks.classify import classify
from tasks.detect import detect
from tasks.ingest import ingest
from tasks.plan import Batch, Group, RunPlan, Sealed, desk
from tasks.policy import STORAGE_STAGE
from tasks.publish import publish, seal
from tasks.route import route

SPARE = 2
"""Groups that wait for each that is being read."""


@dataclass(frozen=True)
class Cluster:
    """A run's connection to the workers of a scheduler."""

    plan: RunPlan
    runner: Any

    def window(self) -> int:
        """Groups to keep in the air, for the workers that there are just now."""
        threads: int = sum(self.runner.client.nthreads().values())
        return max(1, SPARE * threads)

    def take_off(self, objects: Iterable[SourceObject]) -> Iterator[Flight]:
        """Each group, handed to the scheduler."""
        for group in groups(objects):
            future = self.runner.submit(read_group, {"plan": self.plan, "group": group})
            yield Flight(group, True, (future,))


@contextmanager
def cluster(plan: RunPlan, scheduler: str) -> Iterator[Cluster]:
    """Raises InputError where there is no scheduler, or prefect-dask is not installed."""
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise InputError("runs on Dask need the extra: pip install 'archive-digits[dask]'") from error
    if not scheduler:
        raise InputError("a run on Dask needs the address of its scheduler: --scheduler tcp://host:8786, or DIGITS_SCHEDULER")
    try:
        with DaskTaskRunner(address=scheduler, client_kwargs={"timeout": "30s"}) as runner:
            yield Cluster(replace(plan, home=socket.gethostname()), runner)
            runner.client.run(leave)
    except (OSError, TimeoutError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler}: start it (`dask scheduler`), or correct that") from error


@task(name="read group", task_run_name="read group {group.number}", **STORAGE_STAGE)
def read_group(plan: RunPlan, group: Group) -> list[Sealed]:
    """All batches of a group, sealed. Runs in a Dask worker."""
    with _turn:
        here = _settle(plan)
        desk(here)
    return [_read_batch(here, batch) for batch in ingest.fn(here, group)]


def _read_batch(plan: RunPlan, batch: Batch) -> Sealed:
    tables = classify.fn(plan, batch.number, detect.fn(plan, batch))
    return seal.fn(plan, publish.fn(plan, batch, tables), tables, route.fn(plan, batch, tables))


_turn = threading.Lock()
_open = ExitStack()


@lru_cache(maxsize=1)
def _settle(plan: RunPlan) -> RunPlan:
    """The plan with the places of this machine: working folder, model file, and one process for each of Dask's threads."""
    if socket.gethostname() != plan.home and plan.review_url.startswith("sqlite"):
        raise InputError("a run on several machines needs a review queue that all reach: set DIGITS_REVIEW_DATABASE_URL")
    from distributed import get_worker

    _open.close()
    settings = load_settings()
    model = registry(settings).held(plan.read_by.model_version, plan.model_sha256)
    folder = settings.spool_folder / f"{plan.spool.name}-{os.getpid()}"
    _open.enter_context(spool(folder))
    here = replace(plan, spool=folder, model=model.path, workers=max(1, get_worker().state.nthreads))
    _open.callback(desk.cache_clear)
    _open.callback(lambda: desk(here).close())
    return here


def leave() -> None:
    """The run is over: its processes and files on this worker go."""
    with _turn:
        _settle.cache_clear()
        _open.close()
