"""The trained networks, run."""
