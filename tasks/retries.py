"""Batch sizes, retries and persistence of the stages; all these numbers are set here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from digit_core.errors import StorageUnavailableError

T = TypeVar("T")

RETRIES = 5
FIRST_DELAY = 1.0  # seconds; doubled each time, so that a store that is away for 30 seconds only delays the run


def retry_condition(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether to retry: only for storage errors that may pass; any other error would only repeat."""
    return isinstance(state.result(raise_on_failure=False), StorageUnavailableError)


# manifests record what is done, so Prefect need neither keep results nor hash the inputs of a batch
STAGE: dict[str, Any] = {"persist_result": False, "cache_policy": NO_CACHE, "log_prints": False}
STORAGE_STAGE: dict[str, Any] = {
    **STAGE,
    "retries": RETRIES,
    "retry_delay_seconds": exponential_backoff(FIRST_DELAY),
    "retry_jitter_factor": 0.3,
    "retry_condition_fn": retry_condition,
}


def patiently(action: Callable[[], T], /) -> T:
    """Return the action's result, retried like the stages; for what a run does outside of them."""
    for attempt in range(RETRIES):
        try:
            return action()
        except StorageUnavailableError:
            time.sleep(FIRST_DELAY * 2**attempt)
    return action()
