"""Ruled tables, found by their own lines."""

from __future__ import annotations

from digit_core.layout import Grid
from digit_core.lines import LineMaps


def ruled_tables(maps: LineMaps) -> tuple[Grid, ...]:
    """The tables of a page in reading order, as grids table1, table2 … with rows and columns 1, 2 …, in pixels of the page."""
    raise NotImplementedError
