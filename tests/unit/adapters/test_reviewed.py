"""People's decisions beside the results, as files of this version and of the one before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from digit_core.errors import StorageError
from digit_core.review.human_numbers import REVIEWED
from tasks.adapters.results.parquet import with_own_checksum
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.storage.storage import Storage

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DECIDED = pa.Table.from_pylist(
    [dict.fromkeys(REVIEWED.names) | {"number_id": "n", "parts": "1975", "kind": "digit", "value": "1", "decided": NOON}],
    REVIEWED,
)


def stored(folder: Path, table: pa.Table) -> Reviewed:
    path = folder / "reviewed" / "decisions.parquet"
    path.parent.mkdir()
    path.write_bytes(with_own_checksum(table))
    return Reviewed(Storage(), str(folder))


def test_decisions_of_a_file_that_did_not_keep_the_marks_are_read_without_them(tmp_path: Path) -> None:
    reviewed = stored(tmp_path, DECIDED.drop_columns(["text"]))

    assert reviewed.read().equals(DECIDED)


def test_where_nobody_reviewed_there_are_no_decisions(tmp_path: Path) -> None:
    assert Reviewed(Storage(), str(tmp_path)).read().equals(REVIEWED.empty_table())


def test_a_file_of_something_else_is_named_with_the_command_that_writes_it_anew(tmp_path: Path) -> None:
    reviewed = stored(tmp_path, pa.table({"text": ["12"]}))

    with pytest.raises(StorageError, match=r"reviewed/decisions.parquet is damaged .*digits feedback"):
        reviewed.read()
