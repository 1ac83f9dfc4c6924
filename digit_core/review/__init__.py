"""What reviewers may say, and what it does to a result."""
