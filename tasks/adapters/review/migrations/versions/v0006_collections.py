"""Items belong to a collection: several may ask for the same digit of a scan."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    op.add_column("review_items", sa.Column("digit_id", sa.String, nullable=False, server_default=""))
    op.execute("UPDATE review_items SET digit_id = item_id")
    op.create_index("review_items_by_digit", "review_items", ["digit_id"])
    op.execute("UPDATE review_schema SET version = 6")
