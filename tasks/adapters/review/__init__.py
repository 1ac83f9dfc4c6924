"""The rooms of the review queue; with `tasks.adapters.review_queue` all that knows SQLAlchemy."""
