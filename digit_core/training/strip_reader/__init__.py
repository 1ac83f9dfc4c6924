"""Training the strip reader."""
