"""Any other file system of fsspec (gs://, abfs://, sftp://, memory:// …) as a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import fsspec

from digit_core.errors import DigitsError, InputError, StorageError, StorageUnavailableError
from digit_core.records import SourceObject
from tasks.adapters.storage.protocol import HIDDEN, Entry, Missing, OnSkip, is_hidden

T = TypeVar("T")
KNOWN = (OSError, ValueError, ImportError)
_VERSION_KEYS = ("ETag", "etag", "generation", "md5Hash", "mtime", "last_modified", "LastModified", "created")

_TIME_KEYS = ("mtime", "last_modified", "LastModified", "created")


class AnyFsspec:
    """A file system by its protocol. An object's version is its tag, or its size and time, whichever is available."""

    def __init__(self, protocol: str, options: Mapping[str, Any]) -> None:
        self.protocol = protocol
        self._fs = _explained(f"{protocol}://", partial(fsspec.filesystem, protocol, use_listings_cache=False, **options))

    def list_objects(self, source: str, on_skip: OnSkip) -> Iterator[SourceObject]:
        """List the objects, sorted by name within each folder."""
        info = _explained(source, partial(self._fs.info, source))
        if info["type"] == "directory":
            yield from self._walk(source, on_skip)
        else:
            yield self._source_object(info)

    def list_folder(self, folder: str) -> Iterator[Entry]:
        if not _explained(folder, partial(self._fs.isdir, folder)):
            return
        found = _explained(folder, partial(self._fs.ls, folder, detail=True))
        for info in sorted(found, key=lambda info: str(info["name"])):
            name = info["name"].rpartition("/")[2]
            if info["type"] == "file" and name and not is_hidden(name):
                yield Entry(f"{folder}/{name}", self._source_object(info).version, _modified(info))

    def fetch(self, uris: Sequence[str], folder: Path) -> list[Path | Missing]:
        folder.mkdir(parents=True, exist_ok=True)
        return [self._fetch(uri, folder / f"{place:05d}") for place, uri in enumerate(uris)]

    def read(self, uris: Sequence[str]) -> list[bytes | None]:
        return [_explained(uri, partial(self._read, uri)) for uri in uris]

    def write(self, objects: Mapping[str, bytes]) -> None:
        for uri, data in objects.items():
            _explained(uri, partial(self._write, uri, data))

    def exist(self, uris: Sequence[str]) -> list[bool]:
        return [bool(_explained(uri, partial(self._fs.exists, uri))) for uri in uris]

    def delete(self, uris: Sequence[str]) -> None:
        for uri in uris:
            _explained(uri, partial(self._delete, uri))

    def clean(self, folder: str) -> None:
        """Do nothing: only the store itself knows what killed writers left."""

    def _walk(self, folder: str, on_skip: OnSkip) -> Iterator[SourceObject]:
        entries = _explained(folder, partial(self._fs.ls, folder, detail=True))
        for entry in sorted(entries, key=lambda entry: str(entry["name"])):
            if is_hidden(entry["name"].rstrip("/").rpartition("/")[2]):
                on_skip(entry["name"], HIDDEN)
            elif entry["type"] == "directory":
                yield from self._walk(entry["name"], on_skip)
            elif not entry["name"].endswith("/"):
                yield self._source_object(entry)

    def _source_object(self, info: Mapping[str, Any]) -> SourceObject:
        size = int(info.get("size") or 0)
        told = next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), "")
        return SourceObject(self._fs.unstrip_protocol(info["name"]), size, f"{size}-{told}")

    def _fetch(self, uri: str, target: Path) -> Path | Missing:
        data = _explained(uri, partial(self._read, uri))
        if data is None:
            return Missing(uri, f"{uri} was deleted after it was listed")
        target.write_bytes(data)
        return target

    def _read(self, uri: str) -> bytes | None:
        try:
            return bytes(self._fs.cat_file(uri))
        except FileNotFoundError:
            return None

    def _write(self, uri: str, data: bytes) -> None:
        self._fs.makedirs(self._fs._parent(uri), exist_ok=True)
        self._fs.pipe_file(uri, data)

    def _delete(self, uri: str) -> None:
        with suppress(FileNotFoundError):
            self._fs.rm_file(uri)


def _modified(info: Mapping[str, Any]) -> float:
    moment = next((info[key] for key in _TIME_KEYS if info.get(key)), 0.0)
    return moment.timestamp() if isinstance(moment, datetime) else float(moment) if isinstance(moment, int | float) else 0.0


def _explained(uri: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except KNOWN as error:
        raise _explain(error, uri) from error


def _explain(error: Exception, uri: str) -> DigitsError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{uri} does not exist: check its name")
    if isinstance(error, PermissionError):
        return InputError(f"no permission for {uri}: {error}")
    if isinstance(error, TimeoutError | ConnectionError):
        return StorageUnavailableError(f"{uri} did not answer: {error}")
    if isinstance(error, ImportError | ValueError):
        return InputError(f"{uri} cannot be opened: {error}")
    return StorageError(f"{uri}: {error}")
