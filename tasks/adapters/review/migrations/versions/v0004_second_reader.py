"""The second reader's reading, beside the machine's decision."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.add_column("review_items", sa.Column("second", sa.String))
    op.execute("UPDATE review_schema SET version = 4")
