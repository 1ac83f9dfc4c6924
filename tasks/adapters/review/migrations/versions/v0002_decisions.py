"""Claims, decisions and outcomes; the pictures move into a table of their own."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    _move_pictures()
    _widen_items()
    _add_tables()
    op.execute("UPDATE review_schema SET version = 2")


def _move_pictures() -> None:
    op.create_table(
        "review_pictures",
        sa.Column("item_id", sa.String, primary_key=True),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("crop_png", "context_png", "ink")),
    )
    nothing = "x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea"
    op.execute(f"INSERT INTO review_pictures SELECT item_id, crop_png, context_png, {nothing} FROM review_items")  # noqa: S608
    for name in ("crop_png", "context_png"):
        op.execute(f"ALTER TABLE review_items DROP COLUMN {name}")


def _widen_items() -> None:
    columns = (
        sa.Column("parts", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("place", sa.Integer, nullable=False, server_default="0"),
        *(sa.Column(name, sa.JSON) for name in ("number_box", "mark")),
        *(sa.Column(name, sa.String) for name in ("claim_id", "claimed_by")),
        sa.Column("claim_until", sa.Double),
        *(sa.Column(f"outcome_{name}", sa.String) for name in ("kind", "value", "by")),
        sa.Column("outcome_at", sa.Double),
    )
    for column in columns:
        op.add_column("review_items", column)
    indices = {
        "reason": ["collection", "state", "reason", "confidence", "item_id"],
        "guess": ["collection", "state", "guess", "confidence", "reason", "claim_until"],
        "number": ["number_id"],
        "page": ["sha256", "page_index"],
    }
    for name, indexed in indices.items():
        op.create_index(f"review_items_by_{name}", "review_items", indexed)


def _add_tables() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "review_collections",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("readers", sa.Integer, nullable=False),
    )
    op.create_table(
        "review_acts",
        sa.Column("act_id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("reviewer", "view")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("item_count", "key_count")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("seconds", "at")),
    )
    op.create_index("review_acts_by_reviewer", "review_acts", ["reviewer", "at"])
    op.create_table(
        "review_decisions",
        sa.Column("decision_id", number, primary_key=True, autoincrement=True),
        sa.Column("item_id", sa.String, sa.ForeignKey("review_items.item_id"), nullable=False),
        sa.Column("act_id", sa.String, sa.ForeignKey("review_acts.act_id"), nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("reviewer", "kind", "value")),
        sa.Column("hidden", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("seconds", "at")),
        sa.UniqueConstraint("act_id", "item_id", name="review_decisions_once"),
    )
    op.create_index("review_decisions_by_item", "review_decisions", ["item_id"])
    op.create_index("review_decisions_by_reviewer", "review_decisions", ["reviewer", "decision_id"])
    op.create_table(
        "review_undos",
        sa.Column("decision_id", number, primary_key=True, autoincrement=False),
        sa.Column("reviewer", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
