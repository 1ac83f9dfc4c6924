"""People's decisions about a collection, beside its results: each file is one object, written completely or not at all.

DEST/reviewed/decisions.parquet   every decided digit, the machine's reading, who decided what and when

DEST/corrected/numbers.parquet    the decided numbers, machine value and human value side by side

`digits digitise` writes neither, so that no run of the machine changes them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.errors import StorageError
from digit_core.review.corrections import CORRECTED, Corrections
from digit_core.review.human_numbers import REVIEWED
from tasks.adapters.results.parquet import UNREADABLE, is_unharmed, with_own_checksum
from tasks.adapters.storage.storage import Storage, join, normalise

_DECISIONS, _NUMBERS = ("reviewed", "decisions.parquet"), ("corrected", "numbers.parquet")


class Reviewed:
    """The decisions beside the results in the folder or bucket `dest`. Raises the storage's errors."""

    def __init__(self, storage: Storage, dest: str) -> None:
        self._storage = storage
        self._dest = normalise(dest)

    def write(self, decisions: pa.Table, numbers: pa.Table) -> None:
        """Write the tables REVIEWED and CORRECTED, replacing the earlier ones."""
        self._put(_DECISIONS, decisions.cast(REVIEWED))
        self._put(_NUMBERS, numbers.cast(CORRECTED))

    def corrections(self) -> Corrections:
        """Read the corrections to apply to the machine's numbers."""
        return Corrections(self.read())

    def read(self) -> pa.Table:
        """Read the decided digits (table REVIEWED); empty where nobody reviewed."""
        uri = join(self._dest, *_DECISIONS)
        (data,) = self._storage.read_many([uri])
        if data is None:
            return REVIEWED.empty_table()
        try:
            if not is_unharmed(data):
                raise ValueError("its checksum is wrong")
            table = pq.read_table(pa.BufferReader(data))
            if "text" not in table.column_names:  # version 1
                table = table.append_column("text", pa.nulls(table.num_rows, pa.string()))
            return table.cast(REVIEWED)
        except UNREADABLE as error:
            raise StorageError(f"{uri} is damaged ({error}): write it anew with `digits feedback`") from error

    def _put(self, path: tuple[str, str], table: pa.Table) -> None:
        self._storage.write(join(self._dest, *path), with_own_checksum(table))
