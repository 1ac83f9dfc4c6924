"""The working folder of a run. The folder of a killed run is removed by the next run."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def spool(folder: Path) -> Iterator[None]:
    """Create `folder` and remove it on leaving; also remove the folders of dead runs beside it.

    The lock file lies beside the folder and is created first, so that a killed run never leaves a folder without one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = folder.with_suffix(_LOCK)
    with mark.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # held as long as this process lives
        _clear(folder.parent, own=mark)
        folder.mkdir()
        try:
            yield
        finally:
            _remove(mark)


def clear(parent: Path) -> None:
    """Remove the folders of dead runs in `parent`; for a run that has nothing to do and creates no folder of its own."""
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
    except OSError:  # its run is alive, or has just removed it
        return


def _remove(mark: Path) -> None:
    shutil.rmtree(mark.with_suffix(""), ignore_errors=True)
    mark.unlink(missing_ok=True)
