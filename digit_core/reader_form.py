"""What the reader's networks and those who ask them agree on. Nothing that the networks learn from is needed to read."""

from __future__ import annotations

CHARACTERS = "0123456789.-"
"""What is told apart in a number: ten digits, the decimal point (or comma), and the dash (or "=" or tilde)."""

DIGITS = 10

NOTHING = len(CHARACTERS)
"""The class of a cell where no character has its middle."""

OUTPUTS = NOTHING + 1 + 4 + 1
"""Of a cell: scores of the characters and of nothing, log of the distances to left, top, right and bottom, score of print."""

UNIT = 8.0
"""Pixels: distances are learned as the logarithm of so many."""

STRIDE = 4
"""Pixels of a cell's side."""

COLUMN = 2
"""Pixels of a column's width."""

STRIP_HEIGHT = 40
"""Pixels; the figures in a strip are 12 to 38 high."""
