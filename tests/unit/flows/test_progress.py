"""What a run says of itself while it runs: only what is known, and as soon as it is."""

from __future__ import annotations

import pytest

from deployments.commands.run_display import line
from flows import progress as progress_module
from flows.progress import RunProgress
from tasks.run_plan import Sealed


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, of which a test sets the only element."""
    clock = [100.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: clock[0])
    return clock


def sealed(pages: int, digits: int, to_review: int) -> Sealed:
    return Sealed({"pages": pages, "numbers": digits, "digits": digits, "to_review": to_review}, "", (), ())


def test_before_a_batch_is_finished_pages_and_the_time_left_are_told_and_nothing_that_is_not_known(now: list[float]) -> None:
    progress = RunProgress(listed=12, all_listed=True)
    progress.begin()
    progress.count_opened(12, 12)

    now[0] += 8.0
    progress.count_pages(4)

    assert line(progress) == "4 of 12 pages, 0.5 pages/s, 16 s left"


def test_digits_a_second_are_told_of_the_finished_batches_pages(now: list[float]) -> None:
    progress = RunProgress(listed=12, all_listed=True)
    progress.begin()
    progress.count_opened(12, 12)
    now[0] += 8.0
    progress.count_pages(8)

    progress.tally.add(sealed(pages=4, digits=400, to_review=20))

    assert line(progress) == "8 of 12 pages, 1.0 pages/s, 100 digits/s, 5.0% to review, 4 s left"


def test_the_pages_of_files_that_are_not_read_yet_are_expected_once_they_are_opened(now: list[float]) -> None:
    progress = RunProgress(listed=4)
    progress.begin()
    progress.count_opened(2, 60)
    now[0] += 10.0

    progress.count_pages(10)

    assert (progress.pages_expected, progress.seconds_left) == (120, None)
    progress.all_listed = True
    assert progress.seconds_left == pytest.approx(110.0)


def test_slow_pages_have_a_speed_too(now: list[float]) -> None:
    progress = RunProgress(listed=3)
    progress.begin()
    now[0] += 12.0

    progress.count_pages(1)

    assert "0.083 pages/s" in line(progress)


def test_the_first_page_does_not_look_as_if_it_had_taken_no_time(now: list[float]) -> None:
    progress = RunProgress(listed=3, all_listed=True)
    progress.begin()
    now[0] += 5.0

    progress.count_pages(1)

    assert progress.pages_per_second == pytest.approx(0.2)
