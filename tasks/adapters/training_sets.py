"""Versions of the set of reviewed digits, in a folder or bucket: `reviewed-00001-HASH.parquet` and so on, never changed."""

from __future__ import annotations

import pyarrow as pa

from digit_core.errors import InputError
from digit_core.training.classifier.reviewed_digits import TrainingSet, from_parquet, to_parquet
from tasks.adapters.storage.storage import Storage, join, normalise

_PREFIX, _SUFFIX = "reviewed-", ".parquet"


class TrainingSets:
    """The versions in a folder. Raises the storage's errors, and InputError for a damaged file."""

    def __init__(self, storage: Storage, folder: str) -> None:
        self._storage = storage
        self.folder = normalise(folder)

    def latest(self) -> TrainingSet | None:
        """Return the latest version, or None."""
        names = self._names()
        return from_parquet(self._storage.read(join(self.folder, names[-1])), names[-1]) if names else None

    def require(self) -> TrainingSet:
        """Return the latest version. Raises InputError where there is none."""
        found = self.latest()
        if found is None:
            raise InputError(f"there are no reviewed digits in {self.folder}: `digits feedback` collects them after a review")
        return found

    def add(self, rows: pa.Table, decisions: int) -> TrainingSet:
        """Write a new version with these rows, unless the latest has the same digits and is as new."""
        data, sha256 = to_parquet(rows, decisions)
        last = self.latest()
        if last is not None and (last.sha256, last.decisions) == (sha256, decisions):
            return last
        names = self._names()
        number = int(names[-1].removeprefix(_PREFIX).split("-")[0]) + 1 if names else 1
        name = f"{_PREFIX}{number:05}-{sha256[:12]}{_SUFFIX}"
        self._storage.write(join(self.folder, name), data)
        return from_parquet(data, name)

    def _names(self) -> list[str]:
        found = self._storage.list_names(self.folder)
        return sorted(name for name in found if name.startswith(_PREFIX) and name.endswith(_SUFFIX) and name[9:14].isdecimal())
