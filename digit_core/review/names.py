"""What people are called."""

from __future__ import annotations

import unicodedata


def folded(name: str) -> str:
    """The same for all spellings of one name: capitals, widths, and spaces do not count."""
    return unicodedata.normalize("NFKC", " ".join(unicodedata.normalize("NFKC", name).casefold().split()))
