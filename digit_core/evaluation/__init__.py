"""Truth, matching, scores and the gate."""
