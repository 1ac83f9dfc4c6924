"""The results' folder as its readers and writers see it, in a local folder, in moto and in OpenStack Swift."""

import os
import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digit_core.errors import FailureReason, InputError, StorageError
from digit_core.partition import Share
from digit_core.readings import DigitReading, PageRead, ReadBy, Reading, State
from digit_core.records import Box, PageFailure, PageRef
from digit_core.results.manifest import Manifest, batch_key, count_rows
from digit_core.results.schema import PAGES, TABLES, batch_tables
from tasks.adapters.results.dataset import ABANDONED_AFTER, Results, fingerprint
from tasks.adapters.results.parquet import from_parquet
from tasks.adapters.storage.storage import Storage, join

MODEL_1 = ReadBy("1", "1", "none", "p", "run-1")
MODEL_2 = replace(MODEL_1, model_version="2", run_id="run-2")


def ref(uri: str, version: str = "v1", index: int = 0, count: int = 1, content: str | None = None) -> PageRef:
    return PageRef(uri, version, (content or version).encode().hex().ljust(64, "0"), index, count)


def read(page: PageRef, digits: str = "47") -> PageRead:
    parts = tuple(
        DigitReading(Box(place * 10 + 1, 5, 8, 12), ((int(digit), 0.9), (1, 0.06), (2, 0.04)), State.ACCEPTED)
        for place, digit in enumerate(digits)
    )
    number = Reading(0, Box.around(part.box for part in parts), digits, 0.81, State.ACCEPTED, parts)
    return PageRead(page, 100, 80, 300.0, 0.5, (number,))


def written(results: Results, outcomes, read_by=MODEL_1, seq=1) -> Manifest:
    """The batch's tables are there; its manifest is not."""
    tables = batch_tables(outcomes, read_by)
    pages = tuple(outcome.ref for outcome in outcomes)
    key = batch_key(((page.uri, page.version, page.index) for page in pages), read_by)
    files = results.write_tables(key, tables)
    return Manifest(key, seq, "2026-11-21T08:00:00+00:00", read_by, pages, count_rows(tables), files)


def sealed(results: Results, outcomes, read_by=MODEL_1, seq=1) -> Manifest:
    manifest = written(results, outcomes, read_by, seq)
    results.seal(manifest)
    return manifest


def readings(results: Results) -> list[tuple[str, int, str, str]]:
    table = results.read("numbers", ["file", "page", "digits", "model_version"])
    return sorted(tuple(row.values()) for row in table.to_pylist())


def rows(results: Results, name: str) -> list[dict]:
    return sorted(results.read(name).to_pylist(), key=repr)


@pytest.fixture
def results(object_store) -> Results:
    return Results(Storage(object_store.options), f"{object_store.base}/out put/é")


def test_a_place_without_results_has_empty_tables_and_nothing_done(results):
    assert {name: results.read(name).schema for name in TABLES} == TABLES
    assert results.read("digits").num_rows == 0
    assert set(results.done(MODEL_1)) == set()
    assert results.next_seq() == 1
    assert results.retire() == 0


def test_tables_come_back_as_they_were_written(results):
    outcomes = [read(ref("s3://b/a.png")), PageFailure(ref("s3://b/b.png"), FailureReason.EMPTY, "empty file")]

    manifest = sealed(results, outcomes)

    assert {name: results.read(name) for name in TABLES} == batch_tables(outcomes, MODEL_1)
    assert list(results.manifests()) == [manifest]


def test_tables_count_only_from_the_moment_their_manifest_stands(results):
    manifest = written(results, [read(ref("a"))])

    before = readings(results), set(results.done(MODEL_1)), results.next_seq()
    results.seal(manifest)

    assert before == ([], set(), 1)
    assert readings(results) == [("a", 1, "47", "1")]
    assert results.next_seq() == 2


def test_a_batch_whose_tables_have_gone_cannot_be_sealed(results, object_store):
    manifest = written(results, [read(ref("a"))])
    Storage(object_store.options).delete([join(results.dest, manifest.files["digits"].path)])

    with pytest.raises(StorageError, match="are missing"):
        results.seal(manifest)

    assert list(results.manifests()) == []


def test_writing_and_sealing_a_batch_twice_changes_nothing(results, object_store):
    sealed(results, [read(ref("a")), read(ref("b"))])
    before = object_store.names()

    sealed(results, [read(ref("a")), read(ref("b"))])

    assert object_store.names() == before
    assert readings(results) == [("a", 1, "47", "1"), ("b", 1, "47", "1")]


def test_what_was_read_by_the_same_reader_is_done_in_its_version_only(results):
    sealed(results, [read(ref("a"))])

    assert set(results.done(replace(MODEL_1, run_id="another"))) == {fingerprint("a", "v1")}
    assert set(results.done(MODEL_2)) == set()
    assert set(results.done(replace(MODEL_1, params="q"))) == set()


def test_a_long_file_is_done_when_all_its_pages_are_sealed(results):
    sealed(results, [read(ref("a", index=0, count=3)), read(ref("a", index=1, count=3))])
    half = set(results.done(MODEL_1))
    sealed(results, [read(ref("a", index=2, count=3))])

    assert half == set()
    assert set(results.done(MODEL_1)) == {fingerprint("a", "v1")}


def test_a_quarantined_page_is_done_and_one_that_could_not_be_had_is_not(results):
    gone = PageFailure(PageRef("gone", "v1", ""), FailureReason.MISSING, "deleted")
    sealed(results, [PageFailure(ref("bad"), FailureReason.DAMAGED, "damaged"), gone])

    assert set(results.done(MODEL_1)) == {fingerprint("bad", "v1")}


def test_a_changed_file_replaces_its_old_rows(results):
    sealed(results, [read(ref("a"), "12"), read(ref("b"), "34")], seq=1)
    sealed(results, [read(ref("a", "v2"), "56")], seq=2)

    assert readings(results) == [("a", 1, "56", "1"), ("b", 1, "34", "1")]
    assert set(results.done(MODEL_1)) == {fingerprint("a", "v2"), fingerprint("b", "v1")}


def test_a_new_model_replaces_the_rows_of_the_old_one(results):
    sealed(results, [read(ref("a"), "12")], MODEL_1, seq=1)
    sealed(results, [read(ref("a"), "13")], MODEL_2, seq=2)

    assert readings(results) == [("a", 1, "13", "2")]
    assert set(results.done(MODEL_1)) == set()
    assert set(results.done(MODEL_2)) == {fingerprint("a", "v1")}


def test_two_runs_at_once_over_the_same_pages_publish_each_page_once(results):
    pages = [read(ref("a")), read(ref("b"))]
    sealed(results, pages, MODEL_1, seq=1)
    sealed(results, pages[:1], replace(MODEL_1, run_id="run-2"), seq=1)

    assert readings(results) == [("a", 1, "47", "1"), ("b", 1, "47", "1")]


def test_rows_are_picked_by_column_and_by_value(results):
    sealed(results, [read(ref("a"), "12"), read(ref("b"), "34")], seq=1)
    sealed(results, [read(ref("a"), "56")], MODEL_2, seq=2)

    found = results.read("numbers", ["digits"], where=pc.field("file") == "a")

    assert found == pa.table({"digits": ["56"]}, found.schema)
    assert sorted(results.read("numbers", ["digits"])["digits"].to_pylist()) == ["34", "56"]


def test_the_pages_that_count_are_told_by_content_and_place(results):
    old, new = ref("a", index=1, count=2), ref("b", "v2")
    sealed(results, [read(old), read(ref("b"))], seq=1)
    sealed(results, [read(new)], seq=2)

    assert list(results.pages()) == [(old.sha256, 1), (new.sha256, 0)]


def test_batches_come_one_by_one_in_the_order_of_the_source(results):
    for name in ("c", "a", "b"):
        sealed(results, [read(ref(name))])

    tables = results.iter_batches("pages", ["file"])

    assert [table["file"].to_pylist() for table in tables] == [["a"], ["b"], ["c"]]


def test_a_reader_that_is_kept_open_sees_what_others_seal(results, object_store):
    sealed(results, [read(ref("a"))])
    other = Results(Storage(object_store.options), results.dest)
    before = readings(other)
    sealed(results, [read(ref("b"))], seq=2)

    assert [uri for uri, *_ in before] == ["a"]
    assert [uri for uri, *_ in readings(other)] == ["a", "b"]
    assert other.next_seq() == 3


def test_retiring_leaves_the_current_rows_and_no_file_of_superseded_ones(results, object_store):
    sealed(results, [read(ref("a"), "12"), read(ref("b"), "34")], seq=1)
    sealed(results, [read(ref("c"), "56")], seq=1)
    sealed(results, [read(ref("a", "v2"), "78"), read(ref("c", "v2"), "90")], seq=2)
    before = {name: rows(results, name) for name in TABLES}

    removed = results.retire()

    assert removed == 2
    assert {name: rows(results, name) for name in TABLES} == before
    assert set(results.done(MODEL_1)) == {fingerprint("a", "v2"), fingerprint("b", "v1"), fingerprint("c", "v2")}
    assert len(object_store.names()) == 2 * 4
    assert sorted(manifest.counts["pages"] for manifest in results.manifests()) == [1, 2]
    assert results.retire() == 0


class MeanwhileStorage(Storage):
    """Does something once, after the manifests were listed for the first time."""

    def __init__(self, options, action) -> None:
        super().__init__(options)
        self.action = action

    def list_folder(self, folder):
        yield from super().list_folder(folder)
        action, self.action = self.action, None
        if action:
            action()


def test_retiring_keeps_a_batch_that_was_sealed_again_meanwhile(results, object_store):
    first = sealed(results, [read(ref("a"))], MODEL_1, seq=1)
    sealed(results, [read(ref("a"))], MODEL_2, seq=2)
    storage = MeanwhileStorage(object_store.options, lambda: results.seal(replace(first, seq=3)))

    Results(storage, results.dest).retire()

    assert readings(results) == [("a", 1, "47", "1")]


def standing_files(results: Results, object_store) -> list[str]:
    """The pages as who reads the plain files sees them, without the manifests."""
    uris = [f"{object_store.base}/{name}" for name in object_store.names() if "/pages/batch-" in name]
    found = zip(uris, Storage(object_store.options).read_many(uris), strict=True)
    tables = [from_parquet("pages", uri, data, None) for uri, data in found]
    return sorted(f"{row['file']} by {row['model_version']}" for table in tables for row in table.to_pylist())


def test_a_run_over_a_share_leaves_no_page_twice_though_batches_hold_pages_of_other_shares(results, object_store):
    names = [f"page {number}" for number in range(8)]
    first = Share(1, 2)
    ours = [name for name in names if first.holds(name)]
    sealed(results, [read(ref(name)) for name in names])
    sealed(results, [read(ref(name)) for name in ours], MODEL_2, seq=2)

    removed = Results(Storage(object_store.options), results.dest, first).retire()

    assert removed == 1
    assert standing_files(results, object_store) == [f"{name} by {2 if name in ours else 1}" for name in names]


def test_a_reader_that_has_begun_sees_each_row_once_whatever_is_sealed_meanwhile(results, monkeypatch):
    monkeypatch.setattr("tasks.adapters.results.dataset.FILES_AT_ONCE", 1)
    sealed(results, [read(ref("a"), "12"), read(ref("b"), "34")], seq=1)
    sealed(results, [read(ref("c"), "56"), read(ref("d"), "57")], seq=1)
    sealed(results, [read(ref("d"), "58")], seq=2)
    begun = results.iter_batches("numbers", ["file", "digits"])
    first = next(begun).to_pylist()
    sealed(results, [read(ref("a"), "78"), read(ref("c"), "90")], MODEL_2, seq=3)
    newer = results.read("numbers", ["digits"])["digits"].to_pylist()

    rest = [row for table in begun for row in table.to_pylist()]

    assert sorted(row["digits"] for row in [*first, *rest]) == ["12", "34", "56", "58"]
    assert sorted(newer) == ["34", "58", "78", "90"]


def test_a_share_is_read_without_the_pages_of_other_shares_that_lie_in_its_batches(results, object_store):
    names = [f"page {number}" for number in range(8)]
    sealed(results, [read(ref(name)) for name in names])
    shares = [Share(number, 2) for number in (1, 2)]

    seen = [Results(Storage(object_store.options), results.dest, share).read("pages", ["file"]) for share in shares]

    assert [set(table["file"].to_pylist()) for table in seen] == [{name for name in names if one.holds(name)} for one in shares]


def test_retiring_removes_what_a_killed_run_left_long_ago_and_nothing_younger(results, object_store, monkeypatch):
    manifest = written(results, [read(ref("a"))])
    sealed(results, [read(ref("b"))])

    results.retire()
    young = [name for name in object_store.names() if manifest.key in name]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + ABANDONED_AFTER + 300)
    results.retire()

    assert len(young) == 3
    assert [name for name in object_store.names() if manifest.key in name] == []
    assert readings(results) == [("b", 1, "47", "1")]


def files_of(object_store, manifest: Manifest) -> list[str]:
    """Tables of the batch that stand, whether it is sealed or not."""
    return [name for name in object_store.names() if f"{manifest.key}.parquet" in name]


def test_no_table_of_a_killed_run_stays_beside_those_of_the_run_that_reads_its_pages_again(results, object_store):
    left = written(results, [read(ref("a")), read(ref("b", count=2))])
    part = written(results, [read(ref("b", index=1, count=2)), read(ref("c"))])
    sealed(results, [read(ref("a")), read(ref("b", count=2)), read(ref("b", index=1, count=2))], seq=2)

    results.retire()

    assert files_of(object_store, left) == []
    assert len(files_of(object_store, part)) == 3  # nobody has read c yet


def test_a_batch_that_another_run_seals_while_its_tables_are_removed_keeps_them(results, object_store):
    slow = written(results, [read(ref("a"))], MODEL_2, seq=3)
    sealed(results, [read(ref("a")), read(ref("b"))], seq=2)
    storage = SealedMeanwhileStorage(object_store.options, lambda: results._manifests.write(slow))

    Results(storage, results.dest).retire()

    assert len(files_of(object_store, slow)) == 3
    assert readings(results) == [("a", 1, "47", "2"), ("b", 1, "47", "1")]


class SealedMeanwhileStorage(Storage):
    """Where something happens the first time that files are deleted."""

    def __init__(self, options, action):
        super().__init__(options)
        self.action = action

    def delete(self, uris):
        action, self.action = self.action, lambda: None
        action()
        super().delete(uris)


def test_files_are_plain_zstd_parquet_that_names_its_schema(results, object_store):
    manifest = sealed(results, [read(ref("a"))])

    data = Storage(object_store.options).read(join(results.dest, manifest.files["pages"].path))
    file = pq.ParquetFile(pa.BufferReader(data))

    assert file.schema_arrow.equals(PAGES)
    assert file.schema_arrow.metadata.items() >= PAGES.metadata.items()
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_table_of_another_schema_is_not_published(results):
    tables = batch_tables([read(ref("a"))], MODEL_1)

    with pytest.raises(ValueError, match="the table pages has another schema"):
        results.write_tables("k", {**tables, "pages": tables["pages"].drop_columns("dpi")})


@pytest.mark.parametrize(
    ("metadata", "words"), [({"digits.schema_version": "99"}, "written by a newer digits .* upgrade"), ({}, "no schema version")]
)
def test_a_file_of_an_unknown_schema_is_refused(metadata, words):
    sink = pa.BufferOutputStream()
    pq.write_table(PAGES.with_metadata(metadata).empty_table(), sink)

    with pytest.raises(InputError, match=words):
        from_parquet("pages", "a.parquet", sink.getvalue().to_pybytes(), None)


def test_a_damaged_file_is_named(results, object_store):
    manifest = sealed(results, [read(ref("a"))])
    uri = join(results.dest, manifest.files["pages"].path)
    Storage(object_store.options).write(uri, b"PAR1 torn")

    with pytest.raises(StorageError, match="is damaged"):
        results.read("pages")


def test_what_is_no_manifest_among_the_manifests_is_passed_over(results, object_store):
    sealed(results, [read(ref("a"))])
    Storage(object_store.options).write(join(results.dest, "manifests", "notes.txt"), b"hello")

    assert len(list(results.manifests())) == 1


runs = st.lists(
    st.tuples(
        st.sampled_from([MODEL_1, MODEL_2]),
        st.lists(
            st.tuples(st.sampled_from("abcd"), st.sampled_from(["v1", "v2"])), min_size=1, max_size=4, unique_by=lambda x: x[0]
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs)
def test_whatever_runs_follow_each_other_the_last_word_on_each_page_stands(tmp_path_factory, runs):
    results = Results(Storage(), str(tmp_path_factory.mktemp("results")))
    expected = {}

    for seq, (read_by, objects, retire) in enumerate(runs, start=1):
        sealed(results, [read(ref(uri, version), str(seq)) for uri, version in objects], read_by, seq)
        expected |= {uri: (uri, 1, str(seq), read_by.model_version) for uri, _ in objects}
        if retire:
            results.retire()

    assert readings(results) == sorted(expected.values())
    files = {os.path.relpath(entry, results.dest) for entry in (one.uri for one in Storage().list_objects(results.dest))}
    named = {file.path for manifest in results.manifests() for file in manifest.files.values()}
    assert named <= files
