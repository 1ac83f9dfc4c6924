"""Interface of all stores. Objects are named by URI; a local file's URI is its absolute path.

An S3 URI is `s3://bucket/` and then the key as it is, with nothing escaped: spaces, `?`, `#`, `%` and `..` are parts of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from digit_core.errors import FailureReason
from digit_core.records import SourceObject

T = TypeVar("T")

OnSkip = Callable[[str, str], None]
"""Callback for everything in a source that is skipped although it might be a page: its URI, and why."""


class Patience(Protocol):
    """Retry policy: calls the action, again while it raises StorageUnavailableError; the action must be repeatable."""

    def __call__(self, action: Callable[[], T], /) -> T: ...


def at_once(action: Callable[[], T], /) -> T:
    """Call the action once, without retries."""
    return action()


@dataclass(frozen=True, slots=True)
class Missing:
    """An object that was listed but could not be fetched: deleted meanwhile, or not permitted."""

    uri: str
    message: str
    reason: FailureReason = FailureReason.MISSING


@dataclass(frozen=True, slots=True)
class Entry:
    """An object directly in a folder: `modified` in seconds since 1970, 0.0 if the store does not tell."""

    uri: str
    version: str
    modified: float

    @property
    def name(self) -> str:
        return self.uri.rpartition("/")[2]


class Store(Protocol):
    """Interface of a store, callable from many threads. `folder` and `source` are URIs without a trailing slash.

    All methods raise InputError for what the caller can correct, StorageError for what the store refuses, and
    StorageUnavailableError for errors that may pass.
    """

    def list_objects(self, source: str, on_skip: OnSkip) -> Iterator[SourceObject]:
        """List the objects below a folder at any depth, or the one object `source`. Lazy."""

    def list_folder(self, folder: str) -> Iterator[Entry]:
        """List the objects directly in a folder, in no particular order, without hidden ones; none if there is no such folder."""

    def fetch(self, uris: Sequence[str], folder: Path) -> list[Path | Missing]:
        """Return local files with the objects' bytes, in the order of `uris`."""

    def read(self, uris: Sequence[str]) -> list[bytes | None]:
        """Return the objects' bytes, in the order of `uris`; None for a missing one."""

    def write(self, objects: Mapping[str, bytes]) -> None:
        """Write the objects, each completely or not at all, whatever happens."""

    def exist(self, uris: Sequence[str]) -> list[bool]:
        """Test for each object whether it exists."""

    def delete(self, uris: Sequence[str]) -> None:
        """Delete the objects; missing ones are ignored."""

    def clean(self, folder: str) -> None:
        """Remove what killed writers left directly in a folder."""


HIDDEN = "hidden: its name begins with a point"
"""What `on_skip` is told of hidden files and folders."""


def is_hidden(relative: str) -> bool:
    """Whether a part of the path has a leading dot; `.` and `..` are ordinary names in a bucket."""
    return any(name.startswith(".") and name not in (".", "..") for name in relative.split("/"))
