"""Names of reviewers."""

from __future__ import annotations

import unicodedata


def folded(name: str) -> str:
    """Fold a name: the same for all its spellings, ignoring capitals, widths, and spaces."""
    return unicodedata.normalize("NFKC", " ".join(unicodedata.normalize("NFKC", name).casefold().split()))
