"""Object storage: a local folder, a bucket, or any store that fsspec can open, all by URI.

Only s3.py and fsspec_store.py know s3fs and fsspec, which are imported when the first URI of theirs is opened: a run on local
folders does not pay for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from digit_core.errors import InputError
from digit_core.records import SourceObject
from tasks.adapters.storage.local import LocalDisk
from tasks.adapters.storage.protocol import HIDDEN, Entry, Missing, OnSkip, Patience, Store, at_once

__all__ = ["HIDDEN", "Entry", "Missing", "Storage", "join", "normalise", "overlaps"]


def _not_told(uri: str, why: str) -> None:
    """Ignore a skipped object."""


class Storage:
    """Storage by URI. Stores are opened at first use in each process; only the options are sent to other processes.

    `options` are fsspec's for stores that are not local: for S3 `endpoint_url`, `key`, `secret`, `profile`, `anon` … The rest
    comes the usual AWS way: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_REGION, profiles, roles. Errors are those of
    `protocol.Store`.

    `patience` is the retry policy for callers that nobody retries; it is not sent to other processes.
    """

    def __init__(self, options: Mapping[str, Any] | None = None, patience: Patience = at_once) -> None:
        self._options = dict(options or {})
        self._patience = patience
        self._stores: dict[tuple[int, str], Store] = {}

    def __reduce__(self) -> tuple[type[Storage], tuple[dict[str, Any]]]:
        return type(self), (self._options,)

    def list_objects(self, source: str, on_skip: OnSkip = _not_told) -> Iterator[SourceObject]:
        """List all objects below `source`, or the one object, lazily and in an order that is stable between calls.

        Hidden files and folders (leading dot), links, pipes and names that are not UTF-8 are skipped, and `on_skip` is told
        their URI and why (HIDDEN of the former). Empty placeholders of folders are left out without a word.
        """
        source = normalise(source)
        yield from self._store(source).list_objects(source, on_skip)

    def list_folder(self, folder: str) -> Iterator[Entry]:
        """List the objects directly in `folder`, in no particular order, without hidden ones; none if it does not exist. Lazy."""
        return self._store(folder).list_folder(folder)

    def list_names(self, folder: str) -> list[str]:
        """List the names of the objects directly in a folder, sorted."""
        return sorted(entry.name for entry in self.list_folder(folder))

    def fetch(self, uris: Sequence[str], folder: Path) -> list[Path | Missing]:
        """Return local files with the objects' bytes, in the order of `uris`, which are all of one store.

        Local files stay where they are; others are downloaded into `folder`, some at once. An object that was deleted meanwhile,
        or must not be read, gives a Missing.
        """
        return self._patience(lambda: self._store(uris[0]).fetch(uris, folder)) if uris else []

    def read(self, uri: str) -> bytes:
        """Read an object. Raises InputError if it does not exist."""
        data = self.read_many([uri])[0]
        if data is None:
            raise InputError(f"{uri} does not exist: check its name")
        return data

    def read_many(self, uris: Sequence[str]) -> list[bytes | None]:
        """Read small objects of one store, some at once; None for a missing one."""
        return self._patience(lambda: self._store(uris[0]).read(uris)) if uris else []

    def write(self, uri: str, data: bytes) -> None:
        """Write an object, completely or not at all, replacing one of the same name."""
        self.write_many({uri: data})

    def write_many(self, objects: Mapping[str, bytes]) -> None:
        """Write objects of one store, some at once: each completely or not at all, in no particular order."""
        if objects:
            self._patience(lambda: self._store(next(iter(objects))).write(objects))

    def exists(self, uri: str) -> bool:
        return self.exist([uri])[0]

    def exist(self, uris: Sequence[str]) -> list[bool]:
        """Test which objects of one store exist."""
        return self._patience(lambda: self._store(uris[0]).exist(uris)) if uris else []

    def delete(self, uris: Sequence[str]) -> None:
        """Delete objects of one store; missing ones are ignored."""
        if uris:
            self._patience(lambda: self._store(uris[0]).delete(uris))

    def clean(self, folder: str) -> None:
        """Remove what killed writers left directly in `folder`; files of live writers stay."""
        self._store(folder).clean(folder)

    def _store(self, uri: str) -> Store:
        scheme = _scheme(uri)
        key = os.getpid(), scheme  # a connection does not survive a fork
        if key not in self._stores:
            self._stores[key] = _open(scheme, self._options, self._patience)
        return self._stores[key]


def _open(scheme: str, options: Mapping[str, Any], patience: Patience) -> Store:
    if not scheme:
        return LocalDisk()
    if scheme == "s3":
        from tasks.adapters.storage.s3 import S3  # costs 0.4 s, which local runs avoid

        return S3(options, patience)
    from tasks.adapters.storage.fsspec_store import AnyFsspec

    return AnyFsspec(scheme, options)


def _scheme(uri: str) -> str:
    scheme, mark, _ = uri.partition("://")
    return scheme if mark and "/" not in scheme else ""


def normalise(source: str) -> str:
    """Convert a place as entered to a URI: an absolute path, or a URL without trailing slashes.

    Raises InputError for an empty text.
    """
    if not source.strip():
        raise InputError("an empty name is not a place: give a folder, a file or a URL such as s3://bucket/folder")
    scheme = _scheme(source)
    place = source.partition("://")[2] if scheme else source
    if scheme.lower() in ("", "file", "local"):
        return os.path.abspath(Path(place).expanduser())  # noqa: PTH100  resolve() would replace links
    scheme = "s3" if scheme.lower() in ("s3", "s3a", "s3n") else scheme.lower()
    return f"{scheme}://{place.rstrip('/')}"


def join(base: str, *parts: str) -> str:
    """Return the URI of an object below a folder."""
    return "/".join([base.rstrip("/"), *parts])


def overlaps(source: str, dest: str) -> bool:
    """Whether DEST is SOURCE or lies inside it, symbolic links resolved."""
    source, dest = (_real(normalise(place)) for place in (source, dest))
    return dest == source or dest.startswith(source.rstrip("/") + "/")


def _real(place: str) -> str:
    return place if _scheme(place) else os.path.realpath(place)
