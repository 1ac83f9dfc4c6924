"""Tables as plain aligned text, which can be copied, searched and piped; nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import typer

from deployments.cli.errors import one_line
from digit_core.wording import counted


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print columns two spaces apart; control characters in a value become spaces."""
    texts = [tuple(header), *(tuple(one_line(str(value)) for value in row) for row in rows)]
    widths = [max(len(text[at]) for text in texts) for at in range(len(header))]
    for text in texts:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(text, widths, strict=True)).rstrip())


def about_forms(counts: Mapping[str, int]) -> str:
    """Describe in one line the pages that no layout fits, or on which one may lie off, and the effect of sums."""
    missing = counts.get("no_layout", 0)
    lost = f"no layout fits {counted(missing, 'page')}, whose numbers are not accepted; " if missing else ""
    off = counts.get("layout_off", 0)
    doubted = f"a layout may lie a row or a column off on {counted(off, 'page')}, whose numbers are not accepted; " if off else ""
    return (
        f"{lost}{doubted}sums agree on {counted(counts.get('summed', 0), 'cell')}: "
        f"{counts.get('out_of_review', 0):,} taken out of review, "
        f"{counts.get('into_review', 0):,} put in, {counts.get('reread', 0):,} changed"
    )
