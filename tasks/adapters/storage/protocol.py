"""What every kind of store can do. Objects are named by URI; a local file's URI is its absolute path.

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
"""Told of everything in a source that is left out although it might hold a page: its URI, and why."""


class Patience(Protocol):
    """Calls the action, which may be called again as it is, and says how often while StorageUnavailableError comes of it."""

    def __call__(self, action: Callable[[], T], /) -> T: ...


def at_once(action: Callable[[], T], /) -> T:
    """No patience: once."""
    return action()


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for an object that was listed and then could not be had: deleted meanwhile, or not for us to read."""

    uri: str
    message: str
    reason: FailureReason = FailureReason.MISSING


@dataclass(frozen=True, slots=True)
class Entry:
    """An object right in a folder: `modified` in seconds since 1970, as the store tells, 0.0 if it does not."""

    uri: str
    version: str
    modified: float

    @property
    def name(self) -> str:
        return self.uri.rpartition("/")[2]


class Store(Protocol):
    """Calls may come from many threads. All raise InputError for what the caller can set right, StorageError for what the
    store refuses, and StorageUnavailableError for what may pass. `folder` and `source` are URIs without a trailing slash.
    """

    def list_objects(self, source: str, on_skip: OnSkip) -> Iterator[SourceObject]:
        """The objects below a folder at any depth, or the one object that `source` is. Lazy."""

    def list_folder(self, folder: str) -> Iterator[Entry]:
        """The objects right in a folder, in no certain order, hidden ones left out; none if there is no such folder."""

    def fetch(self, uris: Sequence[str], folder: Path) -> list[Path | Missing]:
        """Files with the objects' bytes, in the order of `uris`."""

    def read(self, uris: Sequence[str]) -> list[bytes | None]:
        """The objects' bytes, in the order of `uris`; None for what is not there."""

    def write(self, objects: Mapping[str, bytes]) -> None:
        """Each object is either wholly there or not at all, whatever happens."""

    def exist(self, uris: Sequence[str]) -> list[bool]:
        """Which of them are there."""

    def delete(self, uris: Sequence[str]) -> None:
        """What is not there is no error."""

    def clean(self, folder: str) -> None:
        """Removes what killed writers left behind right in a folder."""


HIDDEN = "hidden: its name begins with a point"
"""What `on_skip` is told of hidden files and folders."""


def is_hidden(relative: str) -> bool:
    """Whether a path has a name with a leading dot in it; `.` and `..` are ordinary names in a bucket."""
    return any(name.startswith(".") and name not in (".", "..") for name in relative.split("/"))
