"""Training of the strip reader."""
