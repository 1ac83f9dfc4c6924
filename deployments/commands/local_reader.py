"""Reading of images without a flow, for `digits read` and `digits show`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from digit_core.errors import InputError
from digit_core.readings import PageRead
from digit_core.records import PageFailure, PageRef
from flows.networks import networks_for_a_look
from flows.planning import dialled, limits, reader_spec
from flows.settings import Settings
from tasks.adapters.registry.cache import ModelFile
from tasks.child_process import CAN_FORK, run_in_child
from tasks.jobs import FileJob, PageJob, probe_file, read_page
from tasks.reader_spec import ReaderSpec
from tasks.work_limits import Lost
from tasks.worker_pool import WorkerPool

FEW = 3
"""Greatest number of images or pages that are read in one child process; for more, worker processes are worthwhile."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def spec_of(settings: Settings, model: Path | None = None) -> ReaderSpec:
    """Build the ReaderSpec for these settings, with the threshold that keeps their max error; `model` overrides the classifier.

    Raises InputError where the file does not exist, or the error cannot be guaranteed.
    """
    networks = networks_for_a_look(settings)
    if model is not None:
        networks = replace(networks, classifier=_model_in(model))
    settings, _ = dialled(settings, networks.classifier.path)
    return reader_spec(settings, networks)


def _model_in(file: Path) -> ModelFile:
    if not file.is_file():
        raise InputError(f"there is no model {file}; leave out --model to use the registry's champion")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return ModelFile(f"sha256:{sha256[:12]}", file, sha256)


def read_files(
    files: Sequence[Path], spec: ReaderSpec, settings: Settings, strip: bool = False
) -> Iterator[list[PageRead | PageFailure]]:
    """Yield for each file all its pages, read or failed. With `strip` each file is one cropped number, without a layout."""
    spec = replace(spec, layouts=()) if strip else spec
    with ReaderPool(settings) as run:
        probed = run(probe_file, [FileJob(path, PageRef(str(path), "", ""), limits(settings)) for path in files])
        jobs = [PageJob(path, page, spec, strip) for path, one in zip(files, probed, strict=True) for page in _pages(one)]
        done: Iterator[PageRead | PageFailure | Lost] = iter(run(read_page, jobs))
        for path, one in zip(files, probed, strict=True):
            if isinstance(one, PageRef):
                yield [_or_failure(next(done), page) for page in _pages(one)]
            else:
                yield [_or_failure(one, PageRef(str(path), "", ""))]


def _pages(probed: PageRef | PageFailure | Lost) -> list[PageRef]:
    return [replace(probed, index=index) for index in range(probed.count)] if isinstance(probed, PageRef) else []


def _or_failure(result: Any, ref: PageRef) -> PageRead | PageFailure:
    return PageFailure(ref, result.reason, result.message) if isinstance(result, Lost) else result


class ReaderPool:
    """Context that runs a function over items in a child process, or in worker processes if there are many items."""

    def __init__(self, settings: Settings) -> None:
        self._limits = settings.page_seconds, settings.page_megabytes
        self._pool = WorkerPool(settings.worker_count, *self._limits)

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result | Lost]:
        if len(items) <= FEW and CAN_FORK:
            return run_in_child(function, items, *self._limits)
        return self._pool.run(function, items)
