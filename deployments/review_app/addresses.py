"""Check of the scans that the page may open: the review database names them, and who can write there must not choose the files
that the server reads."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.adapters.storage.storage import normalise, overlaps

_USUAL = ("", "s3")


def may_be_read(uri: str, sources: Sequence[str], trusted: Sequence[str]) -> bool:
    """Whether the scan lies under a source of its collection, and under one of the trusted places where these are set.

    Without trusted places only local files (symbolic links resolved first) and buckets are opened, never another URL.
    """
    if uri != normalise(uri) or ".." in uri.split("/"):
        return False
    if not trusted and (uri.partition("://")[0] if "://" in uri else "") not in _USUAL:
        return False
    return _under(uri, sources) and (not trusted or _under(uri, trusted))


def _under(uri: str, places: Sequence[str]) -> bool:
    return any(overlaps(place, uri) for place in places)
