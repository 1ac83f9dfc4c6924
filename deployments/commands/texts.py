"""Tables as plain aligned text: they can be copied, searched and piped, and nothing of them is cut off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import typer

from deployments.errors import one_line


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns two spaces apart; control characters in a value become spaces."""
    texts = [tuple(header), *(tuple(one_line(str(value)) for value in row) for row in rows)]
    widths = [max(len(text[at]) for text in texts) for at in range(len(header))]
    for text in texts:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(text, widths, strict=True)).rstrip())
