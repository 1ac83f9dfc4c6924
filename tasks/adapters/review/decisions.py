"""Decisions of reviewers: append-only, undone by another row, and counted once however often they are sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from digit_core.errors import InputError
from digit_core.review.verdicts import Kind, Verdict, said_of, settled, suggestion_is_hidden
from tasks.adapters.review.claims import FREE, loan_ends
from tasks.adapters.review.database import Database, locked, now
from tasks.adapters.review.schema import ACTS, COLLECTIONS, DECIDED, DECISIONS, ITEMS, OPEN, STANDING, UNDOS


class Answer(StrEnum):
    """Outcome of a decision."""

    KEPT = "kept"
    DECIDED = "decided already"
    TAKEN = "another reviewer has it now"
    UNKNOWN = "no such item"
    NOT_LENT = "it was not lent to you: reload the page"


@dataclass(frozen=True, slots=True)
class Act:
    """The decisions that a reviewer sent at once. `act_id` is the sender's: the same act sent again changes nothing.

    claim_id: the loan of the items. keys: keys and clicks; seconds: for all items together.
    """

    act_id: str
    reviewer: str
    view: str
    claim_id: str
    keys: int
    seconds: float


class Decisions:
    """The decisions in the database. `clock` returns seconds since 1970. Raises QueueError, and InputError for an invalid
    decision."""

    def __init__(self, database: Database, clock: Callable[[], float] = now) -> None:
        self._database = database
        self._clock = clock

    def keep(self, act: Act, verdicts: Mapping[str, Verdict], lease: float) -> dict[str, Answer]:
        """Store the verdicts (by item) that can be stored, in one transaction; return for the others what prevents it.

        A retyped number decides all its waiting items. A reviewer can decide only items lent to them; an expired loan counts as
        long as nobody else took the item. The rest of the loan is prolonged by `lease` seconds.
        """
        with self._database.writing() as connection:
            rows = _rows(connection, verdicts)
            repeated = set(connection.scalars(sa.select(DECISIONS.c.item_id).where(DECISIONS.c.act_id == act.act_id)))
            read = self._read_by(connection, act.reviewer, rows)
            answers = {item: self._answer(rows.get(item), act, item in repeated, item in read) for item in verdicts}
            new = {item: verdicts[item] for item, answer in answers.items() if answer is Answer.KEPT and item not in repeated}
            if new:
                self._write(connection, act, new | self._siblings(connection, act.reviewer, rows, new))
            mine = (ITEMS.c.claim_id == act.claim_id, ITEMS.c.claimed_by == act.reviewer)
            rest = sa.update(ITEMS).where(*mine, ITEMS.c.state == OPEN)
            connection.execute(rest.values(claim_until=self._clock() + lease))
        return answers

    def undo(self, reviewer: str, claim_id: str, lease: float) -> list[str]:
        """Undo the reviewer's last act; its items are lent again, under `claim_id`. Return the items."""
        with self._database.writing() as connection:
            mine = sa.select(DECISIONS.c.act_id).where(DECISIONS.c.reviewer == reviewer, STANDING)
            last = connection.scalar(mine.order_by(DECISIONS.c.decision_id.desc()).limit(1))
            standing = sa.select(DECISIONS).where(DECISIONS.c.act_id == last, STANDING).order_by(DECISIONS.c.decision_id)
            rows = connection.execute(standing).mappings().all()
            items = [row["item_id"] for row in rows]
            _rows(connection, items)
            undone = [{"decision_id": row["decision_id"], "reviewer": reviewer, "at": self._clock()} for row in rows]
            if undone:
                connection.execute(sa.insert(UNDOS), undone)
                self._settle(connection, items)
                lent = {"claim_id": claim_id, "claimed_by": reviewer, "claim_until": self._clock() + lease}
                connection.execute(sa.update(ITEMS).where(ITEMS.c.item_id.in_(items), ITEMS.c.state == OPEN).values(lent))
            return items

    def read_twice(self, collection: str, readers: int) -> None:
        """Set how many people (1 or 2) review each item of the collection, without seeing each other's decisions."""
        if readers not in (1, 2):
            raise InputError(f"a collection is read by 1 or 2 people, not by {readers}; a third one decides where two differ")
        with self._database.writing() as connection:
            connection.execute(sa.delete(COLLECTIONS).where(COLLECTIONS.c.collection == collection))
            connection.execute(sa.insert(COLLECTIONS).values(collection=collection, readers=readers))

    def readers(self, collection: str) -> int:
        with self._database.reading() as connection:
            return _readers(connection, [collection])[collection]

    def count(self) -> int:
        """Count all decisions ever made, undone ones included: the number only grows."""
        with self._database.reading() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(DECISIONS)) or 0

    def log(self, item_id: str) -> list[RowMapping]:
        """List every decision about an item in order, with `undone` (when it was undone, or None)."""
        query = (
            sa.select(DECISIONS, UNDOS.c.at.label("undone"))
            .join(UNDOS, UNDOS.c.decision_id == DECISIONS.c.decision_id, isouter=True)
            .where(DECISIONS.c.item_id == item_id)
            .order_by(DECISIONS.c.decision_id)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).mappings())

    def _read_by(self, connection: Connection, reviewer: str, items: Iterable[str]) -> set[str]:
        mine = sa.select(DECISIONS.c.item_id).where(
            DECISIONS.c.item_id.in_(list(items)), DECISIONS.c.reviewer == reviewer, STANDING
        )
        return set(connection.scalars(mine))

    def _answer(self, row: RowMapping | None, act: Act, repeated: bool, read: bool) -> Answer:
        if row is None:
            return Answer.UNKNOWN
        if repeated:
            return Answer.KEPT
        if row["state"] == DECIDED or read:  # an item withdrawn meanwhile may still be decided: a person's decision counts
            return Answer.DECIDED
        if row["claimed_by"] == act.reviewer:
            return Answer.KEPT
        first, last = loan_ends(self._clock())
        lent = row["claim_until"] is not None and first <= row["claim_until"] <= last
        return Answer.TAKEN if lent else Answer.NOT_LENT

    def _siblings(
        self, connection: Connection, reviewer: str, rows: Mapping[str, RowMapping], new: Mapping[str, Verdict]
    ) -> dict[str, Verdict]:
        """Return the other waiting items of the retyped numbers, with the same verdict."""
        typed = {rows[item]["number_id"]: verdict for item, verdict in new.items() if verdict.kind is Kind.NUMBER}
        if not typed:
            return {}
        query = sa.select(ITEMS.c.item_id, ITEMS.c.number_id).where(ITEMS.c.number_id.in_(list(typed)), ITEMS.c.state == OPEN)
        found = {row.item_id: row.number_id for row in connection.execute(locked(query.order_by(ITEMS.c.item_id)))}
        read = self._read_by(connection, reviewer, found)
        return {item: typed[number] for item, number in found.items() if item not in read}

    def _write(self, connection: Connection, act: Act, verdicts: Mapping[str, Verdict]) -> None:
        at = self._clock()
        if connection.scalar(sa.select(ACTS.c.act_id).where(ACTS.c.act_id == act.act_id)) is None:
            facts = {name: getattr(act, name) for name in ("act_id", "reviewer", "view", "seconds")}
            connection.execute(sa.insert(ACTS).values(**facts, item_count=len(verdicts), key_count=act.keys, at=at))
        rows = _rows(connection, verdicts)
        said = {item: said_of(verdict, rows[item]["parts"], rows[item]["place"]) for item, verdict in verdicts.items()}
        same = {"act_id": act.act_id, "reviewer": act.reviewer, "seconds": act.seconds / len(said), "at": at}
        new = [
            {
                **same,
                "item_id": item,
                "kind": verdict.kind.value,
                "value": verdict.value,
                "hidden": suggestion_is_hidden(item, rows[item]["reason"]),
            }
            for item, verdict in said.items()
        ]
        connection.execute(sa.insert(DECISIONS), new)
        self._settle(connection, list(said))

    def _settle(self, connection: Connection, items: Sequence[str]) -> None:
        """Write the outcome of all decisions about the items, and free those that need another reader."""
        query = (
            sa.select(DECISIONS, ITEMS.c.collection)
            .join(ITEMS, ITEMS.c.item_id == DECISIONS.c.item_id)
            .where(DECISIONS.c.item_id.in_(items), STANDING)
            .order_by(DECISIONS.c.decision_id)
        )
        said: defaultdict[str, list[RowMapping]] = defaultdict(list)
        for row in connection.execute(query).mappings():
            said[row["item_id"]].append(row)
        readers = _readers(connection, {row["collection"] for rows in said.values() for row in rows})
        update = sa.update(ITEMS).where(ITEMS.c.item_id == sa.bindparam("item"))
        connection.execute(update, [{"item": item, **FREE, **_outcome(said[item], readers)} for item in items])


def _rows(connection: Connection, items: Iterable[str]) -> dict[str, RowMapping]:
    """Lock and return the items; in a fixed order, so that two transactions never deadlock."""
    query = locked(sa.select(ITEMS).where(ITEMS.c.item_id.in_(list(items))).order_by(ITEMS.c.item_id))
    return {row["item_id"]: row for row in connection.execute(query).mappings()}


def _readers(connection: Connection, collections: Iterable[str]) -> dict[str, int]:
    names = list(collections)
    found = connection.execute(sa.select(COLLECTIONS).where(COLLECTIONS.c.collection.in_(names)))
    return dict.fromkeys(names, 1) | {row.collection: row.readers for row in found}


def _outcome(said: Sequence[RowMapping], readers: Mapping[str, int]) -> dict[str, Any]:
    verdicts = [Verdict(Kind(row["kind"]), row["value"]) for row in said]
    counts = settled(verdicts, readers[said[0]["collection"]]) if said else None
    if counts is None:
        return {"state": OPEN, "outcome_kind": None, "outcome_value": None, "outcome_by": None, "outcome_at": None}
    by = ", ".join(row["reviewer"] for row, verdict in zip(said, verdicts, strict=True) if verdict == counts)
    facts = {"outcome_kind": counts.kind.value, "outcome_value": counts.value, "outcome_by": by}
    return {"state": DECIDED, **facts, "outcome_at": said[-1]["at"]}


def outcomes(database: Database, chunk: int = 2000) -> Iterator[RowMapping]:
    """Yield every decided item with its outcome, and open ones of the same numbers, ordered by item_id."""
    last = ""
    other = ITEMS.alias()
    spoken_of = sa.exists().where(other.c.number_id == ITEMS.c.number_id, other.c.state == DECIDED)
    while True:
        query = sa.select(ITEMS).where(ITEMS.c.item_id > last, ITEMS.c.state.in_([DECIDED, OPEN]), spoken_of)
        with database.reading() as connection:
            rows = connection.execute(query.order_by(ITEMS.c.item_id).limit(chunk)).mappings().all()
        if not rows:
            return
        yield from rows
        last = rows[-1]["item_id"]
