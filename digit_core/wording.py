"""Counts in sentences."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """Return '1 page' or '3,000 pages'; `thing` is one of them, of which more have an s."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
