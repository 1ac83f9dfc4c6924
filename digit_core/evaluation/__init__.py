"""Ground truth, matching, scores and the promotion gate."""
