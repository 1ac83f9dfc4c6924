"""Synthetic handwriting and pages with known truth."""
