"""How the index of a destination's manifests is kept up to date."""

import numpy as np
import pytest

from digit_core.errors import StorageError, StorageUnavailableError
from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.records import PageRef
from digit_core.results.manifest import Manifest, TableFile, table_path
from digit_core.results.schema import TABLES
from tasks.adapters.results import manifest_index
from tasks.adapters.results.manifest_index import IndexedBatch
from tasks.adapters.results.manifests import Manifests
from tasks.adapters.results.spill import private_database
from tasks.adapters.storage.storage import Storage


class WatchedStorage(Storage):
    """Counts the manifests that are read, and is away while `away` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.away = 0, False

    def read_many(self, uris):
        self.read += len(uris)
        if self.away:
            raise StorageUnavailableError("away")
        return super().read_many(uris)


@pytest.fixture
def storage() -> WatchedStorage:
    return WatchedStorage()


@pytest.fixture
def manifests(storage, tmp_path) -> Manifests:
    made = Manifests(storage, str(tmp_path), Share())
    made.write(manifest("a", seq=1))
    made.write(manifest("b", seq=2))
    return made


def manifest(key: str, seq: int) -> Manifest:
    pages = tuple(PageRef(f"{key} {number}", "v", "c" * 64) for number in range(1000))
    files = {name: TableFile(table_path(name, key * 20)) for name in TABLES}
    return Manifest(key * 20, seq, "2026-11-21T08:00:00+00:00", ReadBy("1", "1", "none", "p", "r"), pages, {}, files)


def newest_seq(manifests: Manifests) -> int:
    with manifests.read() as index:
        return index.newest_seq()


def test_a_manifest_is_read_once_and_again_when_it_was_replaced(manifests, storage):
    before = newest_seq(manifests), newest_seq(manifests), storage.read
    manifests.write(manifest("a", seq=3))
    after = newest_seq(manifests), newest_seq(manifests), storage.read

    assert before == (2, 2, 2)
    assert after == (3, 3, 3)


def test_a_manifest_that_is_gone_counts_no_more(manifests, storage):
    before = newest_seq(manifests)
    storage.delete([manifests.uri(f"batch-{'b' * 20}.json")])

    assert (before, newest_seq(manifests)) == (2, 1)


def test_a_store_that_was_away_is_asked_again(manifests, storage):
    storage.away = True
    with pytest.raises(StorageUnavailableError):
        newest_seq(manifests)
    storage.away = False

    assert newest_seq(manifests) == 2


def test_no_room_for_the_index_is_told_and_once_there_is_room_nothing_is_missing(manifests, monkeypatch):
    def small():
        database = private_database()
        database.execute("PRAGMA max_page_count = 20")
        return database

    with monkeypatch.context() as patch:
        patch.setattr(manifest_index, "private_database", small)
        with pytest.raises(StorageError, match=r"no space left in .* for temporary files"):
            newest_seq(manifests)

    assert newest_seq(manifests) == 2
    assert [one.key for one in manifests] == ["a" * 20, "b" * 20]


def test_a_batch_written_as_text_is_the_same_batch_again():
    pages = np.array([(3, -(2**63), 0), (5, 2**63 - 1, 7)], [("position", "i4"), ("uri", "i8"), ("index", "i4")])
    files = {"pages": TableFile("pages/x.parquet", "ab" * 32)}
    some, every = (IndexedBatch("batch-ä.json", "v1", files, 2, kept) for kept in (pages, None))

    again = IndexedBatch.from_json(some.to_json())

    assert IndexedBatch.from_json(every.to_json()) == every
    assert (again.name, again.version, again.files, again.quarantined) == (some.name, "v1", some.files, 2)
    assert again.counted is not None
    assert again.counted.dtype == pages.dtype
    assert again.counted.tolist() == pages.tolist()
