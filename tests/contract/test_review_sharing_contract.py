"""One scan in two collections: each has its own items, and they share decisions where the machine reads the same."""

import pytest

from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.decisions import Act
from tests.support.review.items import HERE, digit

LEASE = 600.0
OTHER = "s3://results/second"
PAGE = ("ab" * 32, 3)


def decide(queue, collection, item, value="7", reviewer="Ada"):
    claim = queue.claims.numbers(collection, reviewer, 100, LEASE)
    (name,) = [one.item_id for one in claim.items if one.item_id.startswith(item)]
    act = Act(f"{collection} {item} {reviewer}", reviewer, "number", claim.claim_id, 1, 1.0)
    queue.decisions.keep(act, {name: Verdict(Kind.DIGIT, value)}, LEASE)
    queue.claims.release_all(reviewer)


def both(queue):
    return queue.counts(HERE), queue.counts(OTHER)


@pytest.fixture
def twice(queue):
    """The same two digits in both collections."""
    for collection in (HERE, OTHER):
        queue.put([digit(name, collection=collection) for name in ("a", "b")], [PAGE], "", collection)
    return queue


def test_each_collection_has_its_own_items(twice):
    assert both(twice) == ({"open": 2}, {"open": 2})


def test_reading_again_into_one_collection_withdraws_nothing_of_the_other(twice):
    twice.put([digit("a", collection=OTHER)], [PAGE], "", OTHER)
    twice.put([], [PAGE], "", OTHER)

    assert both(twice) == ({"open": 2}, {"withdrawn": 2})


def test_a_decision_counts_in_both_and_is_taken_back_in_both(twice):
    decide(twice, HERE, "a/0")
    assert both(twice) == ({"open": 1, "decided": 1},) * 2
    assert (twice.progress.shared(HERE), twice.progress.shared(OTHER)) == (0, 1)
    assert {(row["collection"], row["outcome_value"]) for row in twice.outcomes()} == {(HERE, "7"), (OTHER, "7")}

    twice.decisions.undo("Ada", "x", LEASE)

    assert both(twice) == ({"open": 2}, {"open": 2})


def test_a_collection_that_comes_later_takes_the_decisions_over(queue):
    queue.put([digit("a"), digit("b")], [PAGE], "", HERE)
    decide(queue, HERE, "b/0")

    queue.put([digit(name, collection=OTHER) for name in ("a", "b")], [PAGE], "", OTHER)

    assert both(queue) == ({"open": 1, "decided": 1},) * 2


@pytest.mark.parametrize("other", [{"parts": "1976"}, {"parts": "7975"}])
def test_nothing_is_shared_where_the_machine_reads_another_number(queue, other):
    queue.put([digit("a", "1975")], [PAGE], "", HERE)
    queue.put([digit("a", collection=OTHER, **other)], [PAGE], "", OTHER)

    decide(queue, HERE, "a/0")

    assert both(queue) == ({"decided": 1}, {"open": 1})


def test_what_people_said_in_one_collection_is_not_overwritten_by_the_other(twice):
    twice.decisions.read_twice(OTHER, 2)
    decide(twice, OTHER, "a/0", "1")
    decide(twice, HERE, "a/0", "7")

    assert both(twice) == ({"decided": 1, "open": 1}, {"open": 2})
