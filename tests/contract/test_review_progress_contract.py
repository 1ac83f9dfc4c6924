"""What the review queue tells of its progress, on SQLite and on a real PostgreSQL server."""

from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.decisions import Act
from tasks.adapters.review.progress import DAY, PageProgress, PersonProgress
from tests.support.review.items import HERE, digit

LEASE = 600.0


def decide(queue, reviewer, *items):
    claim = queue.claims.numbers(HERE, reviewer, 100, LEASE)
    act = Act(f"{reviewer}-{'-'.join(items)}", reviewer, "number", claim.claim_id, 1, 1.0)
    queue.decisions.keep(act, {item: Verdict(Kind.DIGIT, "1") for item in items}, LEASE)
    queue.claims.release_all(reviewer)


def test_people_are_listed_with_what_they_decided_in_all_and_lately(queue, clock):
    queue.put([digit(name) for name in "abcd"] + [digit("other", collection="elsewhere")])
    decide(queue, "Ada", "a/0", "b/0")
    clock.seconds += 2 * DAY
    decide(queue, "Ada", "c/0")
    decide(queue, "Ben", "d/0")
    queue.decisions.undo("Ben", "x", LEASE)

    assert queue.progress.people()[HERE] == [PersonProgress("Ada", 3, 1)]
    assert "elsewhere" not in queue.progress.people()


def test_pages_on_which_something_waits_are_listed_by_name(queue):
    queue.put([digit(f"b{n}", uri="b.tif", page_index=n // 2) for n in range(4)] + [digit("a", uri="a.tif", sha256="cd" * 32)])
    decide(queue, "Ada", "b0/0", "b2/0", "b3/0")

    assert queue.progress.pages(HERE) == [PageProgress("a.tif", "cd" * 32, 3, 1, 0), PageProgress("b.tif", "ab" * 32, 0, 1, 1)]


def test_what_waits_for_another_reader_is_counted_for_each(queue):
    queue.decisions.read_twice(HERE, 2)
    queue.put([digit(name) for name in "abc"])
    decide(queue, "Ada", "a/0", "b/0")
    decide(queue, "Ben", "b/0")

    assert (queue.progress.read_by(HERE, "Ada"), queue.progress.read_by(HERE, "Ben")) == (1, 0)


def test_what_is_lent_to_a_page_that_has_ended_is_free_again_for_the_same_person(queue):
    queue.put([digit(name) for name in "abc"])
    queue.claims.numbers(HERE, "Ada", 2, LEASE)
    queue.claims.numbers(HERE, "Ben", 2, LEASE)

    assert queue.claims.release_all("Ada") == 2
    assert len(queue.claims.numbers(HERE, "Ada", 5, LEASE).items) == 2
