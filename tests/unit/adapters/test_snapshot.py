"""The snapshot of the manifests saves their reading, and never changes what is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.records import PageRef
from digit_core.results.drift import Distribution
from digit_core.results.manifest import Manifest, TableFile, table_path
from digit_core.results.schema import TABLES
from tasks.adapters.results import manifests as manifests_module
from tasks.adapters.results import snapshot
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.manifests import Manifests
from tasks.adapters.results.snapshot import BatchRow, from_snapshot, to_snapshot
from tasks.adapters.storage.storage import Storage

READ_BY = ReadBy("1", "1", "none", "p", "run-1")
BATCHES = 10


class WatchedStorage(Storage):
    """Lists what is read; the snapshot files in `gone` are removed by another run between listing and reading."""

    def __init__(self) -> None:
        super().__init__()
        self.read_names: list[str] = []
        self.gone: set[str] = set()

    def read_many(self, uris):
        names = [uri.rpartition("/")[2] for uri in uris]
        self.read_names += names
        found = super().read_many(uris)
        return [None if name in self.gone else data for name, data in zip(names, found, strict=True)]

    def manifests_read(self) -> int:
        """How many manifests were read since this was asked last."""
        count = sum(name.endswith(".json") for name in self.read_names)
        self.read_names.clear()
        return count


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of four batches, written from two manifests on, and joined when two of them are worn."""
    for name, number in {"BATCHES": 4, "WORTH": 2, "_FEW": 2}.items():
        monkeypatch.setattr(snapshot, name, number)
    monkeypatch.setattr(manifests_module, "WORTH", 2)


@pytest.fixture
def storage() -> WatchedStorage:
    return WatchedStorage()


@pytest.fixture
def dest(tmp_path: Path, storage: WatchedStorage) -> Path:
    """Ten sealed batches of three pages, each scan of one page."""
    for number in range(BATCHES):
        seal(storage, tmp_path, manifest(number))
    return tmp_path


def manifest(number: int, seq: int = 1) -> Manifest:
    key = f"{number:020x}"
    pages = tuple(PageRef(f"scan {number} {page}", "v", f"{number:064x}") for page in range(3))
    files = {name: TableFile(table_path(name, key), hashlib.sha256(name.encode()).hexdigest()) for name in TABLES}
    shape = Distribution(accepted=number)
    return Manifest(key, seq, "2026-11-21T08:00:00+00:00", READ_BY, pages, {"quarantined": 1}, files, shape)


def seal(storage: Storage, dest: Path, one: Manifest) -> None:
    Manifests(storage, str(dest), Share()).write(one)


def files(dest: Path) -> list[Path]:
    return sorted((dest / "snapshots").glob("*"))


def rows(dest: Path) -> Iterator[BatchRow]:
    for file in files(dest):
        yield from from_snapshot(file.read_bytes())


def contents(storage: Storage, dest: Path, share: Share = Share()) -> tuple:  # noqa: B008  a frozen value
    """What a reader learns of the destination."""
    manifests = Manifests(storage, str(dest), share)
    with manifests.read() as index:
        batches = [(one.name, one.files, one.quarantined, _plain(one.counted)) for one in index.batches()]
        shape = sum(index.shapes(""), Distribution())
        return index.newest_seq(), sorted(index.done(READ_BY)), shape, batches


def _plain(pages: np.ndarray | None) -> list | None:
    return None if pages is None else pages.tolist()


def without_snapshot(storage: Storage, dest: Path, share: Share = Share()) -> tuple:  # noqa: B008
    kept = {file: file.read_bytes() for file in files(dest)}
    for file in kept:
        file.unlink()
    try:
        return contents(storage, dest, share)
    finally:
        for file, data in kept.items():
            file.write_bytes(data)


def test_a_run_keeps_a_snapshot_and_the_next_one_reads_no_manifest(dest: Path, storage: WatchedStorage) -> None:
    expected = contents(storage, dest)
    first = Results(storage, str(dest)).next_seq()
    storage.manifests_read()

    assert Results(storage, str(dest)).next_seq() == first == 2
    assert contents(storage, dest) == expected
    assert storage.manifests_read() == 0
    assert [row.name for row in rows(dest)] != []
    assert sorted(row.name for row in rows(dest)) == [f"batch-{number:020x}.json" for number in range(BATCHES)]


def test_who_only_looks_writes_nothing(dest: Path, storage: WatchedStorage) -> None:
    Results(storage, str(dest)).done(READ_BY)
    list(Results(storage, str(dest)).manifests())

    assert files(dest) == []


def test_few_manifests_need_no_snapshot(tmp_path: Path, storage: WatchedStorage) -> None:
    seal(storage, tmp_path, manifest(1))

    assert Results(storage, str(tmp_path)).next_seq() == 2
    assert files(tmp_path) == []


def test_only_batches_sealed_since_are_read(dest: Path, storage: WatchedStorage) -> None:
    Results(storage, str(dest)).next_seq()
    seal(storage, dest, manifest(BATCHES, seq=5))
    storage.manifests_read()

    assert contents(storage, dest) == without_snapshot(Storage(), dest)
    assert storage.manifests_read() == 1


def test_a_batch_that_was_sealed_again_is_read_from_its_manifest(dest: Path, storage: WatchedStorage) -> None:
    Results(storage, str(dest)).next_seq()
    seal(storage, dest, manifest(3, seq=700))

    assert Results(storage, str(dest)).next_seq() == 701
    assert contents(storage, dest) == without_snapshot(storage, dest)


def test_a_batch_that_was_retired_counts_no_more(dest: Path, storage: WatchedStorage) -> None:
    Results(storage, str(dest)).next_seq()
    for number in (0, 1, 2, 7):
        storage.delete([f"{dest}/manifests/batch-{number:020x}.json"])

    found = contents(storage, dest)

    assert found == without_snapshot(storage, dest)
    assert len(found[3]) == 6


HARM: dict[str, Callable[[bytes], bytes]] = {
    "half written": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "a flipped bit": lambda data: data[:200] + bytes([data[200] ^ 4]) + data[201:],
    "another file": lambda data: b"PAR1 nothing PAR1",
}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_file_is_passed_over_and_written_anew(harm: str, dest: Path, storage: WatchedStorage) -> None:
    expected = contents(storage, dest)
    Results(storage, str(dest)).next_seq()
    victim = files(dest)[0]
    held = len(from_snapshot(victim.read_bytes()))
    victim.write_bytes(HARM[harm](victim.read_bytes()))
    storage.manifests_read()

    assert contents(storage, dest) == expected
    assert storage.manifests_read() == held
    Results(storage, str(dest)).next_seq()
    storage.manifests_read()
    assert contents(storage, dest) == expected
    assert storage.manifests_read() == 0
    assert sorted(row.name for row in rows(dest)) == [f"batch-{number:020x}.json" for number in range(BATCHES)]


def signed(dest: Path, data: bytes) -> Path:
    """A file under the name that its bytes ask for, as somebody would write it who knows the form."""
    path = dest / "snapshots" / f"{hashlib.sha256(data).hexdigest()}.parquet"
    path.write_bytes(data)
    return path


def forged(**values: object) -> Callable[[list[BatchRow]], bytes]:
    return lambda found: to_snapshot([replace(found[0], **values), *found[1:]])


def other_column(found: list[BatchRow]) -> bytes:
    table = pq.read_table(pa.BufferReader(to_snapshot(found)))
    sink = pa.BufferOutputStream()
    pq.write_table(table.append_column("extra", pa.nulls(len(table), pa.string())), sink)
    return sink.getvalue().to_pybytes()


def page_bytes(data: bytes | None) -> Callable[[list[BatchRow]], bytes]:
    def made(found: list[BatchRow]) -> bytes:
        table = pq.read_table(pa.BufferReader(to_snapshot(found)))
        column = table.schema.get_field_index("pages")
        sink = pa.BufferOutputStream()
        pq.write_table(table.set_column(column, "pages", pa.array([data] * len(table), pa.binary())), sink)
        return sink.getvalue().to_pybytes()

    return made


NEGATIVE = np.array([(1, 2, 3, -4, 5)], snapshot.PAGE)
TAMPERED: dict[str, Callable[[list[BatchRow]], bytes]] = {
    "a path for a name": forged(name="batch-../../victim.json"),
    "a name that is none": forged(name="victim.json"),
    "a hash that is none": forged(sha256=dict.fromkeys(TABLES, "../x")),
    "a negative number": forged(seq=-1),
    "a huge number": forged(seq=2**60),
    "a shape of texts": forged(shape='{"confidences": ["1", "1", "1", "1", "1", "1", "1"], "digits": []}'),
    "a shape that is no JSON": forged(shape="{"),
    "no text": forged(run_id=None),
    "no pages": forged(pages=np.empty(0, snapshot.PAGE)),
    "a negative page": forged(pages=NEGATIVE),
    "half a page": page_bytes(b"x" * 31),
    "null for the pages": page_bytes(None),
    "another schema": other_column,
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_file_is_passed_over_as_a_whole(how: str, dest: Path, storage: WatchedStorage) -> None:
    expected = contents(storage, dest)
    Results(storage, str(dest)).next_seq()
    victim = files(dest)[0]
    found = from_snapshot(victim.read_bytes())
    victim.unlink()
    signed(dest, TAMPERED[how](found))
    storage.manifests_read()

    assert contents(storage, dest) == expected
    assert storage.manifests_read() == len(found)


def test_what_is_no_snapshot_in_the_folder_is_left_alone(dest: Path, storage: WatchedStorage) -> None:
    mine = dest / "snapshots" / "my notes.parquet"
    mine.parent.mkdir()
    mine.write_bytes(b"dear")

    for _ in range(3):
        Results(storage, str(dest)).next_seq()

    assert mine.read_bytes() == b"dear"


def test_a_file_that_another_run_removes_meanwhile_costs_only_the_reading_of_its_manifests(
    dest: Path, storage: WatchedStorage
) -> None:
    expected = contents(storage, dest)
    Results(storage, str(dest)).next_seq()
    storage.gone = {file.name for file in files(dest)}

    assert contents(storage, dest) == expected


def test_two_runs_that_read_at_once_write_the_same_files(dest: Path, storage: WatchedStorage) -> None:
    ahead, behind = Manifests(storage, str(dest), Share()), Manifests(storage, str(dest), Share())
    with ahead.read(compact=True), behind.read(compact=True):
        pass

    assert len({row.name for row in rows(dest)}) == len(list(rows(dest))) == BATCHES


def test_files_whose_batches_were_replaced_are_joined(dest: Path, storage: WatchedStorage) -> None:
    Results(storage, str(dest)).next_seq()
    before = files(dest)
    for number in (0, 1, 2, 4, 5, 6):  # leaves one batch of each of the two full files
        seal(storage, dest, manifest(number, seq=9))

    Results(storage, str(dest)).next_seq()

    assert not set(before[:3]) <= set(files(dest))
    assert sorted(row.name for row in rows(dest)) == [f"batch-{number:020x}.json" for number in range(BATCHES)]
    assert contents(storage, dest) == without_snapshot(storage, dest)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_share_of_the_source_is_the_same_from_the_snapshot(number: int, dest: Path, storage: WatchedStorage) -> None:
    Results(storage, str(dest), Share(2, 3)).next_seq()
    share = Share(number, 3)
    storage.manifests_read()

    found = contents(storage, dest, share)

    assert storage.manifests_read() == 0
    assert found == without_snapshot(storage, dest, share)
    assert 0 < len(found[1]) < BATCHES * 3


def test_a_writer_that_is_killed_leaves_nothing_that_is_taken_for_a_snapshot(dest: Path, storage: WatchedStorage) -> None:
    def killed(uri: str, data: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            Results(storage, str(dest)).next_seq()

    assert files(dest) == []
    assert Results(storage, str(dest)).next_seq() == 2
