"""Execution of a run on a Dask cluster: one task per group of objects, which a worker takes from fetching to sealing.

One task and not six, because the files of a group lie on the machine that fetched them. Dask repeats a task when its worker dies;
that is safe, because the same group is written to the same keys. Workers share only storage, review database and model registry,
which a cluster of several machines needs as servers.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from prefect import task

from digit_core.errors import DigitsError, InputError
from digit_core.records import SourceObject
from flows.run_local import PendingBatch, groups
from tasks.retries import STORAGE_STAGE
from tasks.run_plan import Group, RunPlan, Sealed

if TYPE_CHECKING:
    from prefect_dask.task_runners import DaskTaskRunner

SPARE = 2
"""Number of waiting groups per group being read."""


@dataclass(frozen=True)
class Cluster:
    """Connection of a run to the workers of a scheduler."""

    plan: RunPlan
    runner: Any

    def window(self) -> int:
        """Return the number of groups to keep in flight for the present workers."""
        threads: int = sum(self.runner.client.nthreads().values())
        return max(1, SPARE * threads)

    def submit_batches(self, objects: Iterable[SourceObject]) -> Iterator[PendingBatch]:
        """Submit each group to the scheduler."""
        for group in groups(objects):
            future = self.runner.submit(read_group, {"plan": self.plan, "group": group})
            yield PendingBatch(group, True, (future,))


@contextmanager
def cluster(plan: RunPlan, scheduler: str) -> Iterator[Cluster]:
    """Connect to the scheduler. Raises InputError where there is none, or prefect-dask is not installed; DigitsError if the
    scheduler ends while groups are being read."""
    try:
        from distributed.client import FutureCancelledError
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise InputError("runs on Dask need the extra: pip install 'archive-digits[dask]'") from error
    if not scheduler:
        raise InputError("a run on Dask needs the address of its scheduler: --scheduler tcp://host:8786, or DIGITS_SCHEDULER")
    with DaskTaskRunner(address=scheduler, client_kwargs={"timeout": "30s"}) as runner:
        _connect(runner, scheduler)
        try:
            yield Cluster(replace(plan, home=socket.gethostname()), runner)
        except FutureCancelledError as error:
            raise DigitsError(
                f"the Dask scheduler at {scheduler} ended during the run: start it, then run again; what is finished stays"
            ) from error
        runner.client.run(_leave, on_error="ignore")  # a worker that has just died has nothing left to remove


def _connect(runner: DaskTaskRunner, scheduler: str) -> None:
    """Open the runner's connection. Raises InputError if nobody answers."""
    try:
        _ = runner.client
    except (OSError, TimeoutError) as error:
        raise InputError(
            f"no Dask scheduler answers at {scheduler}: start it (`dask scheduler`), or correct the address"
        ) from error


@task(name="read group", task_run_name="read group {group.number}", **STORAGE_STAGE)
def read_group(plan: RunPlan, group: Group) -> list[Sealed]:
    """Read all batches of a group; return them sealed. Runs in a Dask worker."""
    from flows.dask_worker import read

    return read(plan, group)


def _leave() -> None:
    from flows.dask_worker import leave

    leave()
