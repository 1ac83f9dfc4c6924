"""The review queue. Only this package knows SQLAlchemy."""
