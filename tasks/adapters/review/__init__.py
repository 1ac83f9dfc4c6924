"""The rooms of the review queue; with `tasks.adapters.review.queue` all that knows SQLAlchemy."""
