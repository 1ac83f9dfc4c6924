"""How the stages are cut, retried and recorded; the one place for these numbers."""

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
FIRST_DELAY = 1.0  # seconds; doubled each time: a store that is away for 30 seconds costs nothing but time


def retry_condition(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Only storage that may come back is worth a second try; any other error would only be met again."""
    return isinstance(state.result(raise_on_failure=False), StorageUnavailableError)


# Manifests say what is done, so Prefect shall neither keep results nor hash the inputs of a batch.
STAGE: dict[str, Any] = {"persist_result": False, "cache_policy": NO_CACHE, "log_prints": False}
STORAGE_STAGE: dict[str, Any] = {
    **STAGE,
    "retries": RETRIES,
    "retry_delay_seconds": exponential_backoff(FIRST_DELAY),
    "retry_jitter_factor": 0.3,
    "retry_condition_fn": retry_condition,
}


def patiently(action: Callable[[], T], /) -> T:
    """What the action gives: for what a run does beside its stages, tried again as they are."""
    for attempt in range(RETRIES):
        try:
            return action()
        except StorageUnavailableError:
            time.sleep(FIRST_DELAY * 2**attempt)
    return action()
