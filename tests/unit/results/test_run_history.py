from dataclasses import replace

from digit_core.readings import ReadBy
from digit_core.records import PageRef
from digit_core.results.manifest import Manifest
from digit_core.results.run_history import history_of

READ_BY = ReadBy("3", "1", "none", "p", "run a")


def batch(key: str, minute: int, pages: int, run: str = "run a") -> Manifest:
    refs = tuple(PageRef(f"{run} {key} {number}", "v", "s") for number in range(pages))
    counts = {"pages": pages, "quarantined": 0, "numbers": 0, "digits": 10 * pages, "to_review": 1}
    moment = f"2026-11-21T08:{minute:02}:00+00:00"
    return Manifest(key, 1, moment, replace(READ_BY, run_id=run), refs, counts, {})


def test_the_batches_of_a_run_add_up_in_whatever_order_they_are_found():
    (run,) = history_of([batch("b", 2, 30), batch("a", 0, 20), batch("c", 4, 30)]).runs

    assert (run.batches, run.counts["pages"], run.counts["digits"], run.model_version) == (3, 80, 800, "3")
    assert run.pages_per_second == 60 / 240


def test_the_speed_of_a_run_whose_beginning_is_known_is_that_of_all_its_pages():
    only = replace(batch("a", 3, 36), began="2026-11-21T08:00:47+00:00")

    (run,) = history_of([only]).runs

    assert run.pages_per_second == 36 / 133
    assert run.began is not None
    assert run.began.second == 47


def test_runs_come_in_the_order_of_their_first_batches():
    history = history_of([batch("a", 9, 1, "late"), batch("a", 1, 1, "early")])

    assert [run.run_id for run in history.runs] == ["early", "late"]
    assert history.counts["pages"] == 2


def test_the_speed_of_a_run_of_one_batch_is_not_known():
    assert history_of([batch("a", 0, 5)]).runs[0].pages_per_second is None


def test_pages_of_an_object_are_known_from_the_past():
    pages = tuple(PageRef("volume.pdf", "v", "s", index, 4) for index in range(4))

    assert history_of([replace(batch("a", 0, 1), pages=pages, counts={"pages": 4})]).pages_per_object == 4
    assert history_of([]).pages_per_object == 1
