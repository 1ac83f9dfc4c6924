"""A local folder as a store. Every write goes to a temporary file, which is synced to disk, then renamed."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from digit_core.errors import DigitsError, InputError, StorageError, StorageUnavailableError
from digit_core.records import SourceObject
from tasks.adapters.storage.protocol import HIDDEN, Entry, Missing, OnSkip, is_hidden

FULL = (errno.ENOSPC, errno.EDQUOT)
_PASSING = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EBUSY, errno.EAGAIN)  # errors of a network disk that is away
_KINDS = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))


class LocalDisk:
    """Local files; URIs are absolute paths. A file's version is its size and its modification time in nanoseconds."""

    def list_objects(self, source: str, on_skip: OnSkip) -> Iterator[SourceObject]:
        """List the files, sorted by name within each folder. Links and special files are skipped; `source` itself may be a
        link."""
        with _explained(source):
            status = Path(source).stat()
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(source, on_skip)
            elif stat.S_ISREG(status.st_mode):
                yield _source_object(source, status)
            else:
                raise InputError(f"{source} is {_kind(status.st_mode)}: give a folder or a file of scans")

    def list_folder(self, folder: str) -> Iterator[Entry]:
        with _explained(folder):
            for found in _scanned(folder):
                with suppress(FileNotFoundError):  # deleted since it was listed: the others still exist
                    if found.is_file() and not is_hidden(found.name):
                        yield _entry(found.path, found.stat())

    def fetch(self, uris: Sequence[str], folder: Path) -> list[Path | Missing]:
        """Return the files where they are: nothing is copied."""
        return [_readable(uri) for uri in uris]

    def read(self, uris: Sequence[str]) -> list[bytes | None]:
        return [_read(uri) for uri in uris]

    def write(self, objects: Mapping[str, bytes]) -> None:
        for uri, data in objects.items():
            with _explained(uri):
                _write(Path(uri), data)

    def exist(self, uris: Sequence[str]) -> list[bool]:
        return [Path(uri).is_file() for uri in uris]

    def delete(self, uris: Sequence[str]) -> None:
        for uri in uris:
            with _explained(uri):
                Path(uri).unlink(missing_ok=True)

    def clean(self, folder: str) -> None:
        with _explained(folder):
            parts = [found.path for found in _scanned(folder) if found.name.startswith(".") and found.name.endswith(".part")]
            for path in parts:
                _remove_abandoned(Path(path))


def _scanned(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder, in no particular order; nothing if it does not exist."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        yield from found


def _walk(folder: str, on_skip: OnSkip) -> Iterator[SourceObject]:
    """Walk one folder at a time; only the names of a folder are in memory."""
    try:
        names = sorted(path.name for path in Path(folder).iterdir())
    except PermissionError:
        on_skip(folder, "no permission to list this folder")
        return
    for name in names:
        path = f"{folder.rstrip('/')}/{name}"
        if is_hidden(name):
            on_skip(path, HIDDEN)
        else:
            yield from _look_at(path, on_skip)


def _look_at(path: str, on_skip: OnSkip) -> Iterator[SourceObject]:
    try:
        status = os.lstat(path)
        path.encode()
    except FileNotFoundError:
        return  # deleted while the folder was read
    except UnicodeEncodeError:
        on_skip(path.encode(errors="backslashreplace").decode(), "the name is not UTF-8: rename it")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _walk(path, on_skip)
    elif stat.S_ISREG(status.st_mode):
        yield _source_object(path, status)
    else:
        on_skip(path, f"{_kind(status.st_mode)}, not a regular file")


def _source_object(path: str, status: os.stat_result) -> SourceObject:
    return SourceObject(path, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")


def _entry(path: str, status: os.stat_result) -> Entry:
    return Entry(path, _source_object(path, status).version, status.st_mtime)


def _kind(mode: int) -> str:
    return next((words for test, words in _KINDS if test(mode)), "a device")


def _readable(uri: str) -> Path | Missing:
    path = Path(uri)
    if not path.is_file():
        return Missing(uri, f"{uri} was deleted after it was listed")
    if not os.access(path, os.R_OK):
        return Missing(uri, f"no permission to read {uri}")
    return path


def _read(uri: str) -> bytes | None:
    with _explained(uri):
        try:
            handle = os.open(uri, os.O_RDONLY | os.O_NONBLOCK)  # opening a pipe without a writer would block
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(mode := os.fstat(handle).st_mode):
            os.close(handle)
            raise InputError(f"{uri} is {'a folder' if stat.S_ISDIR(mode) else _kind(mode)}: only files are read")
        with os.fdopen(handle, "rb") as file:
            return file.read()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        with part.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # held while the writer lives, so that `clean` can tell
            if not part.exists():  # `clean` removed the file just before it was locked
                return _write(path, data)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Sync the folder, so that the rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_abandoned(path: Path) -> None:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explain(error, uri) from error


def explain(error: OSError, uri: str) -> DigitsError:
    """Convert an error of the operating system to one line that says what to do."""
    where = error.filename or uri
    if error.errno in FULL:
        return StorageError(f"no space left for {uri}: free some, then run again; what is finished will not be done twice")
    if error.errno in _PASSING:
        return StorageUnavailableError(f"the disk of {uri} does not answer: {error.strerror}")
    if isinstance(error, FileNotFoundError):
        return InputError(f"{where} does not exist: check the path")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return InputError(f"no permission for {where}: {error.strerror}")
    if isinstance(error, NotADirectoryError | FileExistsError | IsADirectoryError):
        return InputError(f"{where} cannot be opened: a file stands where a folder should be, or a folder where a file should")
    return StorageError(f"{where}: {error.strerror or error}")
