"""A batch is cut into parts, so that a run that is killed loses little: by time, and only between two files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from digit_core.errors import FailureReason
from digit_core.records import PageFailure, PageRef
from flows.progress import RunProgress
from flows.run_local import _parts, pages_at_risk
from tasks.run_plan import BATCH_PAGES, Batch

PLAN: Any = SimpleNamespace(workers=2)


def pages(*counts: int) -> tuple[PageRef, ...]:
    """The pages of files with so many pages each."""
    return tuple(PageRef(f"{file}.tif", "v", "ab", index, count) for file, count in enumerate(counts) for index in range(count))


def cut(batch: Batch, *sizes: int) -> list[tuple[int, bool]]:
    at_risk = iter(sizes)
    return [(len(part.pages), last) for part, last in _parts(batch, lambda: next(at_risk))]


def speed(pages_per_second: float, seconds: float) -> RunProgress:
    progress = RunProgress()
    progress.begin()
    progress._reading_since -= seconds
    progress.count_pages(round(pages_per_second * seconds))
    return progress


def test_each_part_has_as_many_pages_as_may_be_lost_at_its_time() -> None:
    batch = Batch("3.0", pages(*[1] * 12), {})

    assert cut(batch, 4, 2, 20) == [(4, False), (2, False), (6, True)]
    parts = [part for part, _ in _parts(batch, lambda: 5)]
    assert [part.number for part in parts] == ["3.0.0", "3.0.1", "3.0.2"]
    assert sum((part.pages for part in parts), ()) == batch.pages


def test_no_file_is_cut_in_two() -> None:
    failed = PageFailure(PageRef("torn.tif", "v", ""), FailureReason.DAMAGED, "torn")
    batch = Batch("0.0", (*pages(3, 4), failed), {})

    assert cut(batch, 2, 1, 1) == [(3, False), (4, False), (1, True)]


def test_while_the_speed_is_unknown_a_part_is_small() -> None:
    assert pages_at_risk(PLAN, RunProgress()) == 4


@pytest.mark.parametrize(("seconds", "expected"), [(60, 10), (1200, 20), (3600, 60), (36_000, BATCH_PAGES)])
def test_in_a_long_run_parts_grow_to_whole_batches(seconds: float, expected: int) -> None:
    """At one page a second 30 s may be lost at first, in three batches in flight; later a twentieth of the run's time."""
    assert pages_at_risk(PLAN, speed(1.0, seconds)) == pytest.approx(expected, abs=1)


def test_fast_pages_fill_a_whole_batch_at_once() -> None:
    assert pages_at_risk(PLAN, speed(20.0, 10)) == BATCH_PAGES


def test_a_part_keeps_the_files_of_its_batch() -> None:
    batch = Batch("0.0", pages(1, 1), {"0.tif": Path("a"), "1.tif": Path("b")})

    assert [replace(part, number="0.0", pages=batch.pages) for part, _ in _parts(batch, lambda: 1)] == [batch, batch]
