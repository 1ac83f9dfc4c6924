"""Items for the review queue, reviewers, and the review page in a browser."""
