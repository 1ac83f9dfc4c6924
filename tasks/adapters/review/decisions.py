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
from digit_core.review.verdicts import WHOLE, Kind, Verdict, said_of, settled, suggestion_is_hidden
from tasks.adapters.review.claims import FREE, loan_ends
from tasks.adapters.review.database import Database, locked, now
from tasks.adapters.review.schema import ACTS, COLLECTIONS, DECIDED, DECISIONS, ITEMS, OPEN, STANDING, UNDOS

_PROLONGED_AFTER = 0.1
"""Share of the lease after which the rest of a loan is prolonged."""

DecisionRow = Mapping[Any, Any]
"""A row of the decisions, with `undone`."""


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

        A verdict about the whole number decides all its waiting items. A reviewer can decide only items lent to them; an expired
        loan counts as long as nobody else took the item. The rest of the loan is prolonged to `lease` seconds, unless it has
        nearly as many.
        """
        with self._database.writing() as connection:
            rows, said = _rows(connection, verdicts), _said(connection, verdicts)
            repeated = {item for item, all_said in said.items() if any(one["act_id"] == act.act_id for one in all_said)}
            read = _read_by(act.reviewer, said)
            answers = {item: self._answer(rows.get(item), act, item in repeated, item in read) for item in verdicts}
            new = {item: verdicts[item] for item, answer in answers.items() if answer is Answer.KEPT and item not in repeated}
            if new:
                self._write(connection, act, rows, said, new)
            self._prolong(connection, act, rows, lease)
        return answers

    def undo(self, reviewer: str, claim_id: str, lease: float) -> list[str]:
        """Undo the reviewer's last act; its items are lent again, under `claim_id`. Return the items."""
        with self._database.writing() as connection:
            mine = sa.select(DECISIONS.c.act_id).where(DECISIONS.c.reviewer == reviewer, STANDING)
            last = connection.scalar(mine.order_by(DECISIONS.c.decision_id.desc()).limit(1))
            standing = sa.select(DECISIONS).where(DECISIONS.c.act_id == last, STANDING).order_by(DECISIONS.c.decision_id)
            rows = connection.execute(standing).mappings().all()
            items = [row["item_id"] for row in rows]
            theirs = _rows(connection, items)
            undone = [{"decision_id": row["decision_id"], "reviewer": reviewer, "at": self._clock()} for row in rows]
            if undone:
                connection.execute(sa.insert(UNDOS), undone)
                _settle(connection, theirs, _said(connection, items))
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
            return connection.scalar(sa.select(COLLECTIONS.c.readers).where(COLLECTIONS.c.collection == collection)) or 1

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

    def _prolong(self, connection: Connection, act: Act, rows: Mapping[str, RowMapping], lease: float) -> None:
        """Prolong the rest of the loan, but not at every one of several quick decisions."""
        until = self._clock() + lease
        ends = [row["claim_until"] for row in rows.values() if row["claim_id"] == act.claim_id]
        if ends and min(ends) > until - _PROLONGED_AFTER * lease:
            return
        mine = (ITEMS.c.claim_id == act.claim_id, ITEMS.c.claimed_by == act.reviewer)
        connection.execute(sa.update(ITEMS).where(*mine, ITEMS.c.state == OPEN).values(claim_until=until))

    def _write(
        self,
        connection: Connection,
        act: Act,
        rows: Mapping[str, RowMapping],
        said: Mapping[str, Sequence[DecisionRow]],
        new: Mapping[str, Verdict],
    ) -> None:
        """Store the new verdicts, and for those about whole numbers the same of their other items."""
        if siblings := _siblings(connection, rows, new):
            rows, said = {**rows, **_rows(connection, siblings)}, {**said, **_said(connection, siblings)}
            read = _read_by(act.reviewer, said)
            new = {**new, **{item: verdict for item, verdict in siblings.items() if item not in read}}
        at = self._clock()
        facts = {name: getattr(act, name) for name in ("act_id", "reviewer", "view", "seconds")}
        insert = self._database.insert_if_new(ACTS, "act_id")
        connection.execute(insert.values(**facts, item_count=len(new), key_count=act.keys, at=at))
        same = {"act_id": act.act_id, "reviewer": act.reviewer, "seconds": act.seconds / len(new), "at": at}
        made = [{**same, **_fields(rows[item], verdict)} for item, verdict in new.items()]
        connection.execute(sa.insert(DECISIONS), made)
        told = {one["item_id"]: [*said.get(one["item_id"], ()), {**one, "undone": None}] for one in made}
        _settle(connection, {item: rows[item] for item in new}, told)


def _fields(row: RowMapping, verdict: Verdict) -> dict[str, Any]:
    """Return the columns of the item's new decision. A number as written stays one: its marks count too."""
    said = verdict if verdict.kind is Kind.WRITTEN else said_of(verdict, row["parts"], row["place"])
    hidden = suggestion_is_hidden(row["item_id"], row["reason"], row["asked"])
    return {"item_id": row["item_id"], "kind": said.kind.value, "value": said.value, "hidden": hidden}


def _siblings(connection: Connection, rows: Mapping[str, RowMapping], new: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Return the other waiting items of the numbers decided as a whole, with the same verdict."""
    typed = {rows[item]["number_id"]: verdict for item, verdict in new.items() if verdict.kind in WHOLE}
    if not typed:
        return {}
    query = sa.select(ITEMS.c.item_id, ITEMS.c.number_id).where(ITEMS.c.number_id.in_(list(typed)), ITEMS.c.state == OPEN)
    found = {row.item_id: row.number_id for row in connection.execute(locked(query.order_by(ITEMS.c.item_id)))}
    return {item: typed[number] for item, number in found.items() if item not in new}


def _settle(connection: Connection, rows: Mapping[str, RowMapping], said: Mapping[str, Sequence[DecisionRow]]) -> None:
    """Write the outcome of all decisions about the items, and free those that need another reader."""
    update = sa.update(ITEMS).where(ITEMS.c.item_id == sa.bindparam("item"))
    outcomes = [{"item": item, **FREE, **_outcome(said.get(item, ()), row["readers"] or 1)} for item, row in rows.items()]
    connection.execute(update, outcomes)


def _rows(connection: Connection, items: Iterable[str]) -> dict[str, RowMapping]:
    """Lock and return the items, with the `readers` of their collection; in a fixed order, so that two transactions never
    deadlock."""
    readers = COLLECTIONS.c.collection == ITEMS.c.collection
    query = sa.select(ITEMS, COLLECTIONS.c.readers).join(COLLECTIONS, readers, isouter=True)
    query = locked(query.where(ITEMS.c.item_id.in_(list(items))).order_by(ITEMS.c.item_id))
    return {row["item_id"]: row for row in connection.execute(query).mappings()}


def _said(connection: Connection, items: Iterable[str]) -> dict[str, list[DecisionRow]]:
    """Return all decisions ever made about the items, in order; `undone` is None for those that count."""
    query = (
        sa.select(DECISIONS, UNDOS.c.at.label("undone"))
        .join(UNDOS, UNDOS.c.decision_id == DECISIONS.c.decision_id, isouter=True)
        .where(DECISIONS.c.item_id.in_(list(items)))
        .order_by(DECISIONS.c.decision_id)
    )
    said: defaultdict[str, list[DecisionRow]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        said[row["item_id"]].append(row)
    return said


def _read_by(reviewer: str, said: Mapping[str, Sequence[DecisionRow]]) -> set[str]:
    """Return the items that the reviewer has decided, undone decisions not counted."""
    return {
        item for item, all_said in said.items() if any(one["reviewer"] == reviewer and one["undone"] is None for one in all_said)
    }


def _outcome(said: Sequence[DecisionRow], readers: int) -> dict[str, Any]:
    standing = [one for one in said if one["undone"] is None]
    verdicts = [Verdict(Kind(one["kind"]), one["value"]) for one in standing]
    counts = settled(verdicts, readers) if verdicts else None
    if counts is None:
        return {"state": OPEN, "outcome_kind": None, "outcome_value": None, "outcome_by": None, "outcome_at": None}
    by = ", ".join(one["reviewer"] for one, verdict in zip(standing, verdicts, strict=True) if verdict == counts)
    facts = {"outcome_kind": counts.kind.value, "outcome_value": counts.value, "outcome_by": by}
    return {"state": DECIDED, **facts, "outcome_at": standing[-1]["at"]}


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
