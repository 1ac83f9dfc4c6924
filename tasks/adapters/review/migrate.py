"""Migration of a review database to the present schema, step by step, with Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digit_core.errors import QueueError
from tasks.adapters.review.schema import SCHEMA

SCHEMA_VERSION = 5
"""Version of the newest migration; also in the table `review_schema`, for programs that do not use Alembic."""

VERSION_TABLE = "review_alembic"
"""Name of Alembic's table, not the usual one: another program with migrations of its own may share the database."""


def upgrade(connection: Connection, name: str) -> None:
    """Migrate within the connection's transaction: all steps are done or none. Raises QueueError for a newer database."""
    found = _version(connection)
    if found is not None and found > SCHEMA_VERSION:
        raise QueueError(
            f"review queue {name} has schema version {found}, and this program knows up to {SCHEMA_VERSION}: "
            "install a newer archive-digits, or choose another queue"
        )
    if found == SCHEMA_VERSION:  # another process was quicker
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    if found is not None and not sa.inspect(connection).has_table(VERSION_TABLE):
        command.stamp(config, "0001")  # created before Alembic was used
    command.upgrade(config, "head")


def _version(connection: Connection) -> int | None:
    if not sa.inspect(connection).has_table(SCHEMA.name):
        return None
    return connection.scalar(sa.select(SCHEMA.c.version))
