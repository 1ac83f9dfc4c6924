"""Selection of the current rows among many sealed ones: newer readings replace older ones page by page, a changed file all of its
old rows.

Works on fingerprints, 8 bytes each, so that many pages fit in memory: two different names share one with a chance of 3 in 100,000
among ten million.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.records import PageRef

PAGE = np.dtype([("uri", "i8"), ("object", "i8"), ("content", "i8"), ("index", "i4"), ("count", "i4")])
"""A page in 32 bytes: `object` stands for uri and version, `content` for the file's bytes (0 if they were never read)."""

PageKeys = NDArray[np.void]
"""An array with the fields of PAGE, and others if need be, shape (n,)."""

RowMask = NDArray[np.bool_]


def fingerprint(*words: str) -> int:
    """Hash words to 64 bits with a sign, as databases store them; `fingerprint(uri, version)` identifies an object that is
    done."""
    return int.from_bytes(hashlib.blake2b("\0".join(words).encode(), digest_size=8).digest(), "little", signed=True)


def page_row(page: PageRef) -> tuple[int, int, int, int, int]:
    """Return the page as the fields of PAGE."""
    return fingerprint(page.uri), fingerprint(page.uri, page.version), _content(page), page.index, page.count


def _content(page: PageRef) -> int:
    return fingerprint(page.sha256, str(page.count)) if page.sha256 else 0


def current(rows: PageKeys) -> RowMask:
    """Tell which pages are current, for all pages of some objects, given from the oldest to the newest.

    The newest page of an object determines its content (its bytes, and how many pages they hold): rows of any other content are
    superseded. Of the rest the newest row of each page is current, so that a reading that has come half-way through a long file
    takes nothing away.
    """
    alike = np.flatnonzero(_newest_content(rows) == rows["content"])
    order = alike[np.lexsort((rows["index"][alike], rows["uri"][alike]))]  # stable: the newest comes last
    counts = np.zeros(len(rows), bool)
    counts[order[_last_of_each(rows["uri"][order], rows["index"][order])]] = True
    return counts


def rows_of(pages: PageKeys, uris: Sequence[str], indices: NDArray[np.int32], uri_of_row: NDArray[np.int32]) -> RowMask:
    """Tell which rows of a table belong to these pages: row i is of `uris[uri_of_row[i]]`, page `indices[i]`."""
    prints = np.array([fingerprint(uri) for uri in uris], "i8")[uri_of_row]
    return np.isin(_page_key(prints, indices), _page_key(pages["uri"], pages["index"]))


def _page_key(uri: NDArray[np.int64], index: NDArray[Any]) -> NDArray[np.uint64]:
    step = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no two pages of a file collide
    return uri.astype(np.uint64) + index.astype(np.uint64) * step


def whole_objects(pages: PageKeys) -> NDArray[np.int64]:
    """Return fingerprints (uri, version) of the objects all of whose pages are among these, each once, the newest last.

    An object whose bytes could not be fetched is left out: it should be tried again.
    """
    pages = pages[pages["content"] != 0]
    order = np.argsort(pages["uri"], kind="stable")
    last = np.flatnonzero(_last_of_each(pages["uri"][order]))
    found = np.diff(last, prepend=-1)
    newest = pages[order[last]]
    whole: NDArray[np.int64] = newest["object"][found == newest["count"]]
    return whole


def _newest_content(rows: PageKeys) -> NDArray[np.int64]:
    """Return for each row the content of the newest row with the same uri."""
    _, newest, group = np.unique(rows["uri"][::-1], return_index=True, return_inverse=True)
    content: NDArray[np.int64] = rows["content"][::-1][newest][group][::-1]
    return content


def _last_of_each(*keys: NDArray[np.generic]) -> RowMask:
    """Tell for arrays sorted together where the next row differs in a key."""
    differs = np.zeros(len(keys[0]), bool)
    differs[-1:] = True
    for key in keys:
        differs[:-1] |= key[:-1] != key[1:]
    return differs
