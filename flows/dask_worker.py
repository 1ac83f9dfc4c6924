"""The work of a Dask worker on a group of objects: every stage, from fetching to sealing.

A module apart from the task: tasks travel to the workers by value, but the state that is kept here between groups must not.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache

from digit_core.errors import InputError
from flows.networks import held_networks
from flows.settings import load_settings
from flows.workspace import spool
from tasks.adapters.registry.second_network import second_network
from tasks.classify import classify
from tasks.detect import detect
from tasks.ingest import ingest
from tasks.publish import publish, seal
from tasks.route import route
from tasks.run_plan import Batch, Group, RunPlan, Sealed, run_context

_turn = threading.Lock()
_open = ExitStack()


def read(plan: RunPlan, group: Group) -> list[Sealed]:
    """Read all batches of the group; return them sealed."""
    with _turn:
        here = _settle(plan)
        run_context(here)
    return [_read_batch(here, batch) for batch in ingest.fn(here, group)]


def _read_batch(plan: RunPlan, batch: Batch) -> Sealed:
    classified = classify.fn(plan, batch, detect.fn(plan, batch))
    return seal.fn(plan, publish.fn(plan, batch, classified), classified, route.fn(plan, batch, classified))


@lru_cache(maxsize=1)
def _settle(plan: RunPlan) -> RunPlan:
    """Replace the plan's paths by this machine's (working folder, model file); one process per Dask thread."""
    if socket.gethostname() != plan.home and plan.review_url.startswith("sqlite"):
        raise InputError("a run on several machines needs a review queue that all can reach: set DIGITS_REVIEW_DATABASE_URL")
    from distributed import get_worker

    _open.close()
    settings = load_settings()
    networks = held_networks(settings, plan.spec.networks)
    folder = settings.spool_folder / f"{plan.spool.name}-{os.getpid()}"
    _open.enter_context(spool(folder))
    second = None if plan.spec.second_network is None else second_network(settings.model_cache)
    spec = replace(plan.spec, networks=networks, second_network=second)
    here = replace(plan, spool=folder, spec=spec, workers=max(1, get_worker().state.nthreads))
    _open.callback(run_context.cache_clear)
    _open.callback(lambda: run_context(here).close())
    return here


def leave() -> None:
    """Remove the run's processes and files from this worker."""
    with _turn:
        _settle.cache_clear()
        _open.close()
