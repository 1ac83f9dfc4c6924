"""The steps of the review database's schema; Alembic runs the missing ones (see `migrate.py`)."""
