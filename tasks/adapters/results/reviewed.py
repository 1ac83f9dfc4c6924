"""What people said of a collection, beside its results: each file is one object, written whole.

    DEST/reviewed/decisions.parquet   every decided digit, what the machine had read, who said what and when
    DEST/corrected/numbers.parquet    the numbers that people spoke of, the machine's and the human value side by side

`digits digitise` writes neither, so that no run of the machine touches them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.errors import StorageError
from digit_core.review.corrections import CORRECTED, REVIEWED, Corrections
from tasks.adapters.results.parquet import UNREADABLE, is_unharmed, with_own_checksum
from tasks.adapters.storage.storage import Storage, join, normalise

_DECISIONS, _NUMBERS = ("reviewed", "decisions.parquet"), ("corrected", "numbers.parquet")


class Reviewed:
    """At the results' folder or bucket `dest`. Errors are those of the storage."""

    def __init__(self, storage: Storage, dest: str) -> None:
        self._storage = storage
        self._dest = normalise(dest)

    def write(self, decisions: pa.Table, numbers: pa.Table) -> None:
        """Tables REVIEWED and CORRECTED, in the place of those before."""
        self._put(_DECISIONS, decisions.cast(REVIEWED))
        self._put(_NUMBERS, numbers.cast(CORRECTED))

    def corrections(self) -> Corrections:
        """What was written last, to be laid over the machine's numbers."""
        return Corrections(self.read())

    def read(self) -> pa.Table:
        """The decided digits (table REVIEWED) as they were written last; none where nobody reviewed."""
        uri = join(self._dest, *_DECISIONS)
        (data,) = self._storage.read_many([uri])
        if data is None:
            return REVIEWED.empty_table()
        try:
            if not is_unharmed(data):
                raise ValueError("its checksum is wrong")
            return pq.read_table(pa.BufferReader(data)).cast(REVIEWED)
        except UNREADABLE as error:
            raise StorageError(f"{uri} is damaged ({error}): write it anew with `digits feedback`") from error

    def _put(self, path: tuple[str, str], table: pa.Table) -> None:
        self._storage.write(join(self._dest, *path), with_own_checksum(table))
