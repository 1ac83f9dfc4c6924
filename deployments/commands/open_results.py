"""Access to existing results."""

from __future__ import annotations

from digit_core.errors import InputError
from flows.settings import load_settings
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage


def open_results(dest: str) -> Results:
    """Open existing results. Raises InputError where there are none."""
    results = Results(Storage(load_settings().storage_options), dest)
    if next(results.manifests(), None) is None:
        raise InputError(f"there are no results in {results.dest}; `digits digitise SOURCE --out {dest}` writes them")
    return results
