"""The order in which files of tests begin: the longest first, so that no worker is left alone with one at the end.

pytest-xdist gives each worker one file after the other, and by itself begins with those of most tests, which are the quickest.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

LONG = ("faults", "e2e", "web", "contract", "hostile")
"""Folders whose tests start servers, browsers or trainings, longest first."""


def rank(file: Path, tests: Path, slow: Collection[Path]) -> tuple[int, bool]:
    """Return a sort key of a file in the folder `tests`; `slow` has the files with tests that are marked so."""
    room = file.relative_to(tests).parts[0]
    return LONG.index(room) if room in LONG else len(LONG), file not in slow
