"""Those who write to the review queue at once: each is kept or refused by itself, and few commits wait for the disk."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from digit_core.errors import InputError, QueueError
from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.decisions import Act
from tasks.adapters.review.queue import ReviewQueue
from tests.support.review.items import HERE, digit

MANY = 60
LEASE = 600.0


@pytest.fixture(params=["sqlite", "postgresql"])
def queue(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[ReviewQueue]:
    """With many digits, all of them lent to Ada."""
    url = f"sqlite:///{tmp_path}/review.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with ReviewQueue(url, 5.0) as queue:
        queue.put([digit(f"n{number:03}") for number in range(MANY)])
        yield queue


def decide(queue: ReviewQueue, claim: str, item: str) -> Any:
    return queue.decisions.keep(Act(f"act of {item}", "Ada", "number", claim, 1, 1.0), {item: Verdict(Kind.DIGIT, "1")}, LEASE)


@pytest.fixture
def commits() -> Iterator[list[Any]]:
    """One entry for each transaction that was kept."""
    seen: list[Any] = []

    def note(connection: sa.Connection) -> None:
        seen.append(connection)

    sa.event.listen(sa.Engine, "commit", note)
    yield seen
    sa.event.remove(sa.Engine, "commit", note)


def held(queue: ReviewQueue) -> threading.Event:
    """The writers' threads wait for this event, so that what is asked for meanwhile gathers behind them.

    SQLite has one thread, which waits with a job that it took alone, outside of a transaction; the next one finds no thread.
    """
    go = threading.Event()
    for _ in range(8):
        started = threading.Event()
        queue.soon(lambda started=started: started.set() or go.wait(30))
        if not started.wait(0.5):
            break
    return go


def test_what_many_decide_at_once_is_all_kept(queue: ReviewQueue) -> None:
    claim = queue.claims.numbers(HERE, "Ada", MANY, LEASE)

    futures = [queue.soon(lambda item=one.item_id: decide(queue, claim.claim_id, item)) for one in claim.items]

    assert {str(answer) for future in futures for answer in future.result(60).values()} == {"kept"}
    assert queue.counts() == {"decided": MANY}


def test_on_sqlite_what_came_meanwhile_is_one_transaction(tmp_path: Any, commits: list[Any]) -> None:
    with ReviewQueue(f"sqlite:///{tmp_path}/review.db", 5.0) as queue:
        queue.put([digit(f"n{number:03}") for number in range(MANY)])
        claim = queue.claims.numbers(HERE, "Ada", MANY, LEASE)
        go = held(queue)
        futures = [queue.soon(lambda item=one.item_id: decide(queue, claim.claim_id, item)) for one in claim.items]
        before = len(commits)
        go.set()

        assert len([future.result(60) for future in futures]) == MANY

        assert len(commits) - before <= 3
        assert queue.counts() == {"decided": MANY}


def test_one_that_is_refused_takes_nothing_from_the_others(queue: ReviewQueue) -> None:
    claim = queue.claims.numbers(HERE, "Ada", MANY, LEASE)
    first = claim.items[0].item_id

    def breaks() -> None:
        queue.page(HERE, after="never put")

    go = held(queue)
    kept = queue.soon(lambda: decide(queue, claim.claim_id, first))
    refused, broken = queue.soon(lambda: queue.decisions.read_twice(HERE, 7)), queue.soon(breaks)
    go.set()

    assert kept.result(60)[first] == "kept"
    with pytest.raises(InputError, match="1 or 2 people"):
        refused.result(60)
    with pytest.raises(QueueError, match="has no item"):
        broken.result(60)
    assert queue.counts() == {"decided": 1, "open": MANY - 1}


def test_where_another_program_holds_the_database_nobody_waits_for_the_others_to_be_refused(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/review.db"
    with ReviewQueue(url, 1.0) as queue, sqlite3.connect(tmp_path / "review.db") as other:
        queue.put([digit("n1")])
        claim = queue.claims.numbers(HERE, "Ada", 1, LEASE)
        go = held(queue)
        futures = [queue.soon(lambda: decide(queue, claim.claim_id, claim.items[0].item_id)) for _ in range(10)]
        other.execute("BEGIN IMMEDIATE")
        before = time.monotonic()
        go.set()

        for future in futures:
            with pytest.raises(QueueError, match="database is locked"):
                future.result(60)

        assert time.monotonic() - before < 8
        other.rollback()
        assert queue.soon(lambda: decide(queue, claim.claim_id, claim.items[0].item_id)).result(60)


def test_closing_the_queue_writes_first_what_was_asked_for(queue: ReviewQueue) -> None:
    claim = queue.claims.numbers(HERE, "Ada", MANY, LEASE)
    go = held(queue)
    futures = [queue.soon(lambda item=one.item_id: decide(queue, claim.claim_id, item)) for one in claim.items[:9]]
    go.set()

    queue.close()

    assert all(future.done() for future in futures)
    assert queue.counts()["decided"] == 9
