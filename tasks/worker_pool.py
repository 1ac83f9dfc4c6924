"""Worker processes that may crash or hang without harm: their pages are tried once more, each alone.

Workers are spawned, use one thread each, import no orchestrator, and end when their parent does, even when it is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, TypeVar

from pebble import ProcessPool
from pebble.pool.base_pool import Task
from pebble.pool.process import TaskManager

from digit_core.errors import DigitsError
from tasks.turns import Turns
from tasks.work_limits import MEGABYTES, PATIENCE, Lost, limit_memory, lost, timed, took_too_much

Item = TypeVar("Item")
Result = TypeVar("Result")
_FOR_WORKERS = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "PYTHONSAFEPATH": "1",  # a worker starts as `python -c`, which would otherwise import modules from the scans' folder
}
_POOL_TRIES = 3
_WAITING = 1
"""Jobs given to the processes beyond one for each: so none is idle, and what finishes earlier work waits for few."""


class WorkerPool:
    """A pool of `workers` processes, which threads may share.

    Limits: `seconds` of processor time per item, `megabytes` of memory per worker. After `close`, waiting callers get
    CancelledError.
    """

    def __init__(self, workers: int, seconds: float, megabytes: float = MEGABYTES) -> None:
        self._workers, self._seconds, self._megabytes = workers, seconds, megabytes
        self._lock = threading.Lock()
        self._turns = Turns(workers + _WAITING)
        self._pool: _Pool | None = None
        self._waited_for: set[Future[Any]] = set()
        self._closed = False

    def run(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        per_job: int = 1,
        on_done: Callable[[int], None] = lambda count: None,
        finishing: bool = False,
    ) -> list[Result | Lost]:
        """Return one result per item, in order; a worker calls `function` for `per_job` items one after the other.

        Whoever calls first is served first, but what is `finishing` earlier work goes before all else. DigitsErrors of `function`
        are raised; any other error, crash or time-out gives a `Lost`.
        """
        jobs = [items[start : start + per_job] for start in range(0, len(items), per_job)]
        results: list[Result | Lost] = []
        waiting: deque[tuple[Sequence[Item], Future[Any]]] = deque()

        def collect() -> None:
            job, future = waiting.popleft()
            results.extend(self._collect(function, job, future))
            on_done(len(job))

        with self._turns.queue(finishing) as turn:
            for job in jobs:
                turn()
                waiting.append((job, self._submit(function, job)))
                while waiting and waiting[0][1].done():
                    collect()
        while waiting:
            collect()
        return results

    def close(self) -> None:
        """End the workers without waiting for their work."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
            waited_for = list(self._waited_for)
        self._turns.end()
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            for future in waited_for:  # a stopped pool leaves its futures pending for ever
                future.cancel()
            pool.join()

    def _submit(self, function: Callable[..., Any], job: Sequence[Any]) -> Future[Any]:
        for _ in range(_POOL_TRIES):
            with self._lock:
                try:
                    seconds = self._seconds * len(job)
                    running = self._running()
                    future: Future[Any] = running.schedule(timed, args=(function, seconds, job), timeout=PATIENCE * seconds)
                except RuntimeError:  # the pool broke between the look and the call
                    continue
                self._waited_for.add(future)
            self._turns.begun()
            future.add_done_callback(self._finished)
            return future
        raise DigitsError("the worker processes end as soon as they start; is the machine out of memory?")

    def _finished(self, future: Future[Any]) -> None:
        self._waited_for.discard(future)
        self._turns.over()

    def _running(self) -> ProcessPool:
        if self._closed:
            raise CancelledError("the worker processes are being stopped")
        if self._pool is not None and not self._pool.active:
            self._pool.join()  # it broke; this ends what is left of its workers
            self._pool = None
        if self._pool is None:
            for name, value in _FOR_WORKERS.items():  # read by Python and the numeric libraries of the workers
                os.environ.setdefault(name, value)
            limits = {"initializer": start_worker, "initargs": (self._megabytes,)}
            self._pool = _Pool(max_workers=self._workers, context=_Context(), **limits)
        return self._pool

    def _collect(self, function: Callable[..., Any], job: Sequence[Any], future: Future[Any]) -> list[Any]:
        error = future.exception()
        for _ in range(_POOL_TRIES):
            if not isinstance(error, BrokenProcessPool):  # a worker died between two jobs: nobody's fault
                break
            future = self._submit(function, job)
            error = future.exception()
        if error is None:
            return list(future.result())
        if isinstance(error, DigitsError):
            raise error
        if len(job) == 1 and took_too_much(error):  # it would again
            return [self._lost(error)]
        return [self._alone(function, item) for item in job]

    def _alone(self, function: Callable[..., Any], item: Any) -> Any:
        future = self._submit(function, [item])
        error = future.exception()
        if error is None:
            return future.result()[0]
        if isinstance(error, DigitsError):
            raise error
        return self._lost(error)

    def _lost(self, error: BaseException) -> Lost:
        return lost(error, self._seconds, self._megabytes)


def start_worker(megabytes: float) -> None:
    """Initialise a worker process, before its first job."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_memory(megabytes)
    import cv2

    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class _Pool(ProcessPool):
    """A pool of pebble whose watch of the workers is replaced by ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pool_manager.task_manager = _TaskManager(self._pool_manager.task_manager.task_done_callback)


class _TaskManager(TaskManager):
    """Times items by a clock that does not jump: by pebble's, the wall clock, a jump ahead ends every item that is being read,
    and after one back none is ended that hangs."""

    def task_start(self, task_id: int, worker_id: int | None) -> None:
        super().task_start(task_id, worker_id)
        if task := self.tasks.get(task_id):
            task.timestamp = time.monotonic()

    @staticmethod
    def timeout(task: Task) -> bool:
        return bool(task.timeout and task.started and time.monotonic() - task.timestamp > task.timeout)


class _Process(SpawnProcess):
    """A spawned process that does not import its parent's main module again.

    That module may be a flow engine, which takes seconds and a hundred megabytes to import; our jobs import what they need.
    """

    def start(self) -> None:
        """Start, also from a daemon such as a Dask worker: daemons must not have children that are left behind, and ours end by
        themselves."""
        configuration = multiprocessing.current_process()._config  # type: ignore[attr-defined]
        daemon = configuration.pop("daemon", None)
        try:
            super().start()
        finally:
            if daemon is not None:
                configuration["daemon"] = daemon

    def terminate(self) -> None:
        """At once: a worker that reads a page does not hear that it shall end, and pebble waits for one after the other."""
        self.kill()

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  multiprocessing's name for it
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main


class _Context(SpawnContext):
    Process = _Process
