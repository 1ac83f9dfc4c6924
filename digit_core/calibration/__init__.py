"""What a confidence is worth, and thresholds worked out from it."""
