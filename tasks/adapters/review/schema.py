"""The tables of the review database, as the migrations leave them.

`review_items` is kept small, because it is searched and counted; the pictures are in a table beside it. `review_decisions` and
`review_acts` are append-only: an undo adds a row to `review_undos`. The columns `outcome_…` hold the result of all decisions.
"""

from __future__ import annotations

import sqlalchemy as sa

OPEN, DECIDED, WITHDRAWN = "open", "decided", "withdrawn"
"""States of an item: waiting; answered; no longer asked, because a newer reading is certain."""

TABLES = sa.MetaData()
SCHEMA = sa.Table("review_schema", TABLES, sa.Column("version", sa.Integer, primary_key=True))

ITEMS = sa.Table(
    "review_items",
    TABLES,
    sa.Column("item_id", sa.String, primary_key=True),
    sa.Column("collection", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),  # of the best guess; the lowest comes first
    sa.Column("guess", sa.Integer, nullable=False),  # the best guess: a class of 0 to 10, 10 = not a digit
    sa.Column("top", sa.JSON, nullable=False),  # [[class, probability], …], best first
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("uri", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("page_index", sa.Integer, nullable=False),
    sa.Column("number_id", sa.String, nullable=False),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("x", "y", "w", "h")),  # the box, in pixels of the scan
    sa.Column("model_version", sa.String, nullable=False),
    sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    sa.Column("parts", sa.JSON, nullable=False),  # the number's digits as read; [] in items of the first version
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("number_box", sa.JSON(none_as_null=True)),  # [x, y, w, h]
    sa.Column("mark", sa.JSON(none_as_null=True)),  # [x, y, w, h] within the strip, as fractions of its size
    sa.Column("second", sa.String),  # the number's digits by the second reader; null where it was not asked
    sa.Column("text", sa.String),  # the number as written; this and the next two are null in items of older versions
    sa.Column("cell", sa.JSON(none_as_null=True)),  # [zone, row, column], each "" where no layout names it
    sa.Column("marks", sa.JSON(none_as_null=True)),  # [[x, y, w, h], …] of all digits of the number, as `mark`
    sa.Column("position", sa.Integer, nullable=False),  # of the number in reading order; -1 in items of older versions
    sa.Column("asked", sa.Integer, nullable=False),  # how many digits of the number are asked for
    sa.Column("claim_id", sa.String),
    sa.Column("claimed_by", sa.String),
    sa.Column("claim_until", sa.Double),  # seconds since 1970; in the past: free again
    sa.Column("outcome_kind", sa.String),
    sa.Column("outcome_value", sa.String),
    sa.Column("outcome_by", sa.String),  # the reviewers who decided, separated by ", "
    sa.Column("outcome_at", sa.Double),  # seconds since 1970
    sa.Index("review_items_by_priority", "collection", "state", "confidence", "item_id"),
    sa.Index("review_items_by_reason", "collection", "state", "reason", "confidence", "item_id"),
    sa.Index("review_items_by_group", "collection", "state", "asked", "guess", "confidence", "item_id"),
    sa.Index("review_items_by_place", "collection", "state", "uri", "page_index", "sha256", "position", "place"),
    sa.Index("review_items_by_number", "number_id"),
    sa.Index("review_items_by_claim", "claim_id"),
    sa.Index("review_items_by_reviewer", "claimed_by"),
    sa.Index("review_items_by_page", "sha256", "page_index"),
)

PICTURES = sa.Table(
    "review_pictures",
    TABLES,
    sa.Column("item_id", sa.String, primary_key=True),
    sa.Column("crop_png", sa.LargeBinary, nullable=False),
    sa.Column("context_png", sa.LargeBinary, nullable=False),
    sa.Column("ink", sa.LargeBinary, nullable=False),  # 28x28 bytes; empty in items of the first version
)

COLLECTIONS = sa.Table(
    "review_collections",
    TABLES,
    sa.Column("collection", sa.String, primary_key=True),
    sa.Column("readers", sa.Integer, nullable=False),
)

SOURCES = sa.Table(  # places of a collection's scans: scans elsewhere are not opened
    "review_sources",
    TABLES,
    sa.Column("collection", sa.String, primary_key=True),
    sa.Column("source", sa.String, primary_key=True),
)

REVIEWERS = sa.Table(  # two spellings of one name are one person
    "review_reviewers",
    TABLES,
    sa.Column("folded", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
)

ACTS = sa.Table(  # what a reviewer sent at once: a number, or a whole screen of the group view
    "review_acts",
    TABLES,
    sa.Column("act_id", sa.String, primary_key=True),
    sa.Column("reviewer", sa.String, nullable=False),
    sa.Column("view", sa.String, nullable=False),
    sa.Column("item_count", sa.Integer, nullable=False),
    sa.Column("key_count", sa.Integer, nullable=False),  # keys and clicks that it took
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("review_acts_by_reviewer", "reviewer", "at"),
)

DECISIONS = sa.Table(
    "review_decisions",
    TABLES,
    sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("item_id", sa.String, sa.ForeignKey(ITEMS.c.item_id), nullable=False),
    sa.Column("act_id", sa.String, sa.ForeignKey(ACTS.c.act_id), nullable=False),
    sa.Column("reviewer", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("value", sa.String, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),  # the machine's reading was not shown
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.UniqueConstraint("act_id", "item_id", name="review_decisions_once"),
    sa.Index("review_decisions_by_item", "item_id"),
    sa.Index("review_decisions_by_reviewer", "reviewer", "decision_id"),
)

UNDOS = sa.Table(
    "review_undos",
    TABLES,
    sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("reviewer", sa.String, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)

STANDING = sa.not_(sa.exists().where(UNDOS.c.decision_id == DECISIONS.c.decision_id))
"""Condition of a decision that was not undone."""
