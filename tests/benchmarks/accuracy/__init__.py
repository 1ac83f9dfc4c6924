"""Accuracy against other readers: `make accuracy`."""
