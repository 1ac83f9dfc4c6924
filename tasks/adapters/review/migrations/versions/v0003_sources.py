"""Sources of a collection's scans, reviewers with one spelling each, and an index for loans."""

import sqlalchemy as sa
from alembic import op

from digit_core.review.names import folded

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    sources = op.create_table(
        "review_sources",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("source", sa.String, primary_key=True),
    )
    reviewers = op.create_table(
        "review_reviewers",
        sa.Column("folded", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
    )
    op.create_index("review_items_by_claim", "review_items", ["claim_id"])
    op.bulk_insert(sources, _sources())
    op.bulk_insert(reviewers, _reviewers())
    op.execute("UPDATE review_schema SET version = 3")


def _sources() -> list[dict[str, str]]:
    """Return the common folder of each collection's scans: what the first and the last name share."""
    rows = op.get_bind().execute(sa.text("SELECT collection, min(uri), max(uri) FROM review_items GROUP BY collection"))
    return [{"collection": name, "source": _shared(first, last)} for name, first, last in rows if _shared(first, last)]


def _shared(first: str, last: str) -> str:
    length = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first if first == last else first[:length].rpartition("/")[0]


def _reviewers() -> list[dict[str, str]]:
    """Return each reviewer under the spelling that came first."""
    rows = op.get_bind().execute(sa.text("SELECT reviewer FROM review_acts GROUP BY reviewer ORDER BY min(at) DESC"))
    return [{"folded": key, "name": name} for key, name in {folded(name): name for (name,) in rows}.items()]
