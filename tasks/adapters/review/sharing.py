"""Decisions that several collections share: of the same digit of a scan, where the machine reads the same number in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from tasks.adapters.review.database import locked
from tasks.adapters.review.schema import DECIDED, DECISIONS, ITEMS, OPEN, STANDING

_ALIKE = ("digit_id", "sha256", "page_index", "x", "y", "w", "h", "number_id", "place", "guess")
"""Columns in which items must agree to share a decision, besides the digits of the number."""

OUTCOME = ("outcome_kind", "outcome_value", "outcome_by", "outcome_at")

DECIDED_ITSELF = sa.exists().where(DECISIONS.c.item_id == ITEMS.c.item_id, STANDING)
"""Condition of an item about which a person decided, so that its outcome is not that of another collection."""


def take_over(connection: Connection, items: Sequence[str]) -> None:
    """Give the waiting ones of these items the outcome that their digits have in another collection."""
    waiting = connection.execute(sa.select(ITEMS).where(ITEMS.c.item_id.in_(items), ITEMS.c.state == OPEN)).mappings().all()
    twins = sa.select(ITEMS).where(ITEMS.c.digit_id.in_([row["digit_id"] for row in waiting]), ITEMS.c.state == DECIDED)
    decided = {_key(row): row for row in connection.execute(twins.order_by(ITEMS.c.item_id)).mappings()} if waiting else {}
    found = [(row["item_id"], decided[_key(row)]) for row in waiting if _key(row) in decided]
    _write(connection, [{"item": item, "state": DECIDED, **{name: twin[name] for name in OUTCOME}} for item, twin in found])


def share(connection: Connection, rows: Mapping[str, RowMapping], outcomes: Iterable[Mapping[str, Any]]) -> None:
    """Give the outcomes of these items to those of other collections about which nobody decided anything there."""
    given = {_key(rows[outcome["item"]]): outcome for outcome in outcomes}
    digits = [row["digit_id"] for row in rows.values()]
    query = sa.select(ITEMS).where(ITEMS.c.digit_id.in_(digits), ITEMS.c.item_id.not_in(list(rows)))
    query = query.where(ITEMS.c.state.in_([OPEN, DECIDED]), sa.not_(DECIDED_ITSELF)).order_by(ITEMS.c.item_id)
    twins = [row for row in connection.execute(locked(query)).mappings() if _key(row) in given]
    shared = ("state", *OUTCOME)
    _write(connection, [{"item": row["item_id"], **{name: given[_key(row)][name] for name in shared}} for row in twins])


def _write(connection: Connection, outcomes: Sequence[Mapping[str, Any]]) -> None:
    if outcomes:
        connection.execute(sa.update(ITEMS).where(ITEMS.c.item_id == sa.bindparam("item")), list(outcomes))


def _key(row: RowMapping) -> tuple[Any, ...]:
    return (*(row[name] for name in _ALIKE), *row["parts"])
