"""What the review of whole numbers shows: text, cell, place of every digit, reading order, and how many digits are asked for."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    columns = (
        sa.Column("text", sa.String),
        *(sa.Column(name, sa.JSON) for name in ("cell", "marks")),
        sa.Column("position", sa.Integer, nullable=False, server_default="-1"),
        sa.Column("asked", sa.Integer, nullable=False, server_default="1"),
    )
    for column in columns:
        op.add_column("review_items", column)
    same_number = "SELECT count(*) FROM review_items AS other WHERE other.number_id = review_items.number_id"
    op.execute(f"UPDATE review_items SET asked = ({same_number})")  # noqa: S608
    op.drop_index("review_items_by_guess", "review_items")
    indices = {
        "group": ["collection", "state", "asked", "guess", "confidence", "item_id"],
        "reviewer": ["claimed_by"],
        "place": ["collection", "state", "uri", "page_index", "sha256", "position", "place"],
    }
    for name, indexed in indices.items():
        op.create_index(f"review_items_by_{name}", "review_items", indexed)
    op.execute("UPDATE review_schema SET version = 5")
