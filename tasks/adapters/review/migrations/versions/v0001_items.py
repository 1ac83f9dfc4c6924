"""The first published schema: items with their pictures, no decisions."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade() -> None:
    schema = op.create_table("review_schema", sa.Column("version", sa.Integer, primary_key=True))
    op.create_table(
        "review_items",
        sa.Column("item_id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("collection", "state")),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("guess", sa.Integer, nullable=False),
        sa.Column("top", sa.JSON, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("reason", "uri", "sha256")),
        sa.Column("page_index", sa.Integer, nullable=False),
        sa.Column("number_id", sa.String, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("x", "y", "w", "h")),
        sa.Column("model_version", sa.String, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("crop_png", "context_png")),
    )
    op.create_index("review_items_by_priority", "review_items", ["collection", "state", "confidence", "item_id"])
    op.bulk_insert(schema, [{"version": 1}])
