"""How the review database came to its present form: Alembic runs what is missing (see `migrate.py`)."""
