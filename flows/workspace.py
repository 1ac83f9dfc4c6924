"""The working folder of a run. A run that was killed leaves its folder behind; the next run removes it."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def spool(folder: Path) -> Iterator[None]:
    """Make `folder`, and remove it on leaving; removes what dead runs left beside it.

    The lock lies beside the folder and is there first, so that no moment of a killed run leaves a folder without one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = folder.with_suffix(_LOCK)
    with mark.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # held for as long as this process lives
        _clear(folder.parent, own=mark)
        folder.mkdir()
        try:
            yield
        finally:
            _remove(mark)


def clear(parent: Path) -> None:
    """Removes what dead runs left in `parent`; for a run that finds nothing to do, and so makes no folder of its own."""
    _clear(parent, own=None)


def _clear(parent: Path, own: Path | None) -> None:
    for mark in parent.glob(f"*{_LOCK}"):
        if mark != own:
            _remove_if_dead(mark)


def _remove_if_dead(mark: Path) -> None:
    try:
        with mark.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(mark)
    except OSError:  # its run lives, or has just removed it
        return


def _remove(mark: Path) -> None:
    shutil.rmtree(mark.with_suffix(""), ignore_errors=True)
    mark.unlink(missing_ok=True)
