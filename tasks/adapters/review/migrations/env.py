"""The environment of Alembic: runs the steps on the connection and in the transaction that `migrate.py` has opened."""

from alembic import context

from tasks.adapters.review.migrate import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
