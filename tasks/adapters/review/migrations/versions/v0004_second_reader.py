"""What the second reader reads, beside what the machine has decided."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.add_column("review_items", sa.Column("second", sa.String))
    op.execute("UPDATE review_schema SET version = 4")
