"""Truth, matching, scores, and what a network must pass before it may serve."""
