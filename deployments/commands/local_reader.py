"""Reading images here and now, without a flow: for `digits read` and `digits show`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from digit_core.errors import PageError
from digit_core.imaging.decode import decode_page
from digit_core.params import SegmentationParams
from digit_core.readings import PageRead
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits, find_strip
from digit_core.records import PageFailure, PageFound, PageRef
from flows.planning import limits, policy, read_layouts, registry
from flows.settings import Settings
from tasks.jobs import FileJob, forms, look_at_files, reader, recogniser
from tasks.worker_pool import Lost, WorkerPool

FEW = 3
"""Up to so many images or pages are read in this process; for more, starting worker processes pays."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Model:
    """An ONNX file to read by."""

    path: Path
    version: str


@dataclass(frozen=True)
class ImageJob:
    """A page to read from beginning to end."""

    path: Path
    ref: PageRef
    model: Model
    settings: Settings
    strip: bool
    layouts: tuple[str, ...] = ()


def champion(settings: Settings) -> Model:
    """The registry's model in service."""
    file = registry(settings).champion()
    return Model(file.path, file.version)


def read_files(
    files: Sequence[Path], model: Model, settings: Settings, strip: bool = False
) -> Iterator[list[PageRead | PageFailure]]:
    """For each file all its pages, read or failed."""
    layouts = () if strip else read_layouts(settings)
    with ReaderPool(settings) as run:
        looks = run(look_at_files, [FileJob(path, PageRef(str(path), "", ""), limits(settings)) for path in files])
        jobs = [
            ImageJob(path, page, model, settings, strip, layouts)
            for path, look in zip(files, looks, strict=True)
            for page in _pages(look)
        ]
        done: Iterator[PageRead | PageFailure | Lost] = iter(run(read_images, jobs))
        for path, look in zip(files, looks, strict=True):
            if isinstance(look, PageRef):
                yield [_or_failure(next(done), page) for page in _pages(look)]
            else:
                yield [_or_failure(look, PageRef(str(path), "", ""))]


def _pages(look: PageRef | PageFailure | Lost) -> list[PageRef]:
    return [replace(look, index=index) for index in range(look.count)] if isinstance(look, PageRef) else []


def _or_failure(result: Any, ref: PageRef) -> PageRead | PageFailure:
    return PageFailure(ref, result.reason, result.message) if isinstance(result, Lost) else result


def read_images(jobs: Sequence[ImageJob]) -> list[PageRead | PageFailure]:
    """Decode, find, classify and judge each page."""
    return [_read_image(job) for job in jobs]


def _read_image(job: ImageJob) -> PageRead | PageFailure:
    try:
        image = decode_page(job.path.read_bytes(), job.ref.index, limits(job.settings))
    except PageError as error:
        return PageFailure(job.ref, error.reason, str(error))
    layouts, params = forms(job.layouts), SegmentationParams()
    digits = find_strip(image, params, reader()) if job.strip else find_digits(image, params, reader(), layouts)
    found = PageFound(job.ref, image.width, image.height, image.dpi, digits)
    probabilities = recogniser(str(job.model.path), job.model.version)(digits.crops)
    return judge(found, probabilities, policy(job.settings), layouts)


class ReaderPool:
    """Runs a function over items, in worker processes if there are more than a few; these end on leaving."""

    def __init__(self, settings: Settings) -> None:
        self._pool = WorkerPool(settings.worker_count, settings.page_seconds, settings.page_megabytes)

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def __call__(self, function: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]) -> list[Result | Lost]:
        return list(function(items)) if len(items) <= FEW else self._pool.run(function, items)
