"""What is told of forms and their sums."""

from __future__ import annotations

from collections.abc import Mapping


def about_forms(counts: Mapping[str, int]) -> str:
    """One line: pages that no layout fits, and what sums did to numbers."""
    missing = counts.get("no_layout", 0)
    lost = f"no layout fits {missing:,} pages, none of their numbers is accepted; " if missing else ""
    return (
        f"{lost}sums agree on {counts.get('summed', 0):,} cells: {counts.get('out_of_review', 0):,} taken out of review, "
        f"{counts.get('into_review', 0):,} put in, {counts.get('reread', 0):,} read otherwise"
    )
