"""Reviewers, each under the first spelling of the name, so that no person appears twice."""

from __future__ import annotations

import sqlalchemy as sa

from digit_core.review.names import folded
from tasks.adapters.review.database import Database
from tasks.adapters.review.schema import REVIEWERS


class Reviewers:
    """The known reviewers. Raises QueueError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known_as(self, name: str) -> str:
        """Return the first spelling of this name, which is stored if it is new."""
        key = folded(name)
        insert = self._database.insert_if_new(REVIEWERS, "folded")
        with self._database.writing() as connection:
            connection.execute(insert.values(folded=key, name=name))
            return str(connection.scalar(sa.select(REVIEWERS.c.name).where(REVIEWERS.c.folded == key)))
