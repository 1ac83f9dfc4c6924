"""The index of the manifests against plain lists, for whatever is sealed, sealed again, retired and read by several readers."""

from collections.abc import Iterable
from dataclasses import replace
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.records import PageRef
from digit_core.results.drift import Distribution
from digit_core.results.manifest import Manifest, TableFile
from digit_core.results.supersession import fingerprint
from tasks.adapters.results import manifest_index
from tasks.adapters.results.manifest_index import IndexedBatch, ManifestIndex
from tasks.adapters.results.snapshot import BatchRow

READERS = [ReadBy(model, "1", "none", "p", run) for model in "12" for run in ("run-1", "run-2")]
WHOLE = Share()


def page(uri: str, version: str, content: str, index: int, count: int) -> PageRef:
    return PageRef(uri, version, content * 64, index, count)


def manifest(key: int, seq: int, read_by: ReadBy, pages: Iterable[PageRef], quarantined: int, accepted: int) -> Manifest:
    pages = tuple({(one.uri, one.index): one for one in pages}.values())
    files = {name: TableFile(f"{name}/batch-{key}.parquet") for name in ("pages", "numbers")}
    counts = {"quarantined": quarantined}
    return Manifest(str(key), seq, "2026-11-21T08:00:00+00:00", read_by, pages, counts, files, Distribution(accepted=accepted))


pages = st.builds(
    page, st.sampled_from("abcd"), st.sampled_from("vw"), st.sampled_from(["", "a", "b"]), st.integers(0, 2), st.just(3)
)
single_pages = st.builds(page, st.sampled_from("abcd"), st.sampled_from("vw"), st.sampled_from("ab"), st.just(0), st.just(1))
manifests = st.builds(
    manifest,
    st.integers(0, 5),
    st.integers(1, 3),
    st.sampled_from(READERS),
    st.lists(pages | single_pages, min_size=1, max_size=6),
    st.integers(0, 1),
    st.integers(0, 9),
)
steps = st.lists(st.tuples(st.lists(manifests, max_size=4), st.sets(st.integers(0, 5), max_size=2)), min_size=1, max_size=4)
"""Manifests that are sealed, in the place of those with the same key, and keys of others that are then retired."""


def brought_up_to_date(index: ManifestIndex, standing: dict[str, Manifest], versions: dict[str, str]) -> None:
    index.relist(versions.items())
    for some in index.unread(2):
        index.add(BatchRow.of(name, version, standing[name]) for name, version in some)


def content(one: PageRef) -> tuple[str, int] | None:
    return (one.sha256, one.count) if one.sha256 else None


def rows_that_count(standing: dict[str, Manifest], share: Share) -> list[tuple[str, int, PageRef]]:
    """(manifest, position among the share's pages, page) from the oldest to the newest."""
    ordered = sorted(standing, key=lambda name: standing[name].order)
    ours = {name: [one for one in standing[name].pages if share.holds(one.uri)] for name in ordered}
    rows = [(name, position, one) for name in ordered for position, one in enumerate(ours[name])]
    now = {one.uri: content(one) for _, _, one in rows}
    newest = {(one.uri, one.index): row for row in rows if content(one := row[2]) == now[one.uri]}
    return sorted(newest.values(), key=rows.index)


def objects_that_are_done(counting: list[tuple[str, int, PageRef]], standing: dict[str, Manifest], read_by: ReadBy) -> set[int]:
    alike: dict[str, list[PageRef]] = {}
    for name, _, one in counting:
        if replace(standing[name].read_by, run_id="") == replace(read_by, run_id="") and one.sha256:
            alike.setdefault(one.uri, []).append(one)
    return {fingerprint(uri, found[-1].version) for uri, found in alike.items() if len(found) == found[-1].count}


@given(steps, st.integers(1, 7), st.sampled_from([WHOLE, Share(1, 2), Share(2, 2)]))
def test_the_index_says_what_a_slow_and_plain_way_says(steps, at_once, share):
    standing: dict[str, Manifest] = {}
    versions: dict[str, str] = {}
    index = ManifestIndex(share)
    with patch.object(manifest_index, "PAGES_AT_ONCE", at_once):
        for number, (sealed, retired) in enumerate(steps):
            standing |= {f"batch-{one.key}.json": one for one in sealed}
            versions |= {f"batch-{one.key}.json": f"{number}" for one in sealed}
            brought_up_to_date(index, standing, versions)
            assert_as_plainly(index, standing, versions, share)

            for name in {f"batch-{key}.json" for key in retired} & standing.keys():
                del standing[name], versions[name]
            brought_up_to_date(index, standing, versions)
            assert_as_plainly(index, standing, versions, share)


def assert_as_plainly(index: ManifestIndex, standing: dict[str, Manifest], versions: dict[str, str], share: Share) -> None:
    counting, batches = rows_that_count(standing, share), list(index.batches())
    firsts = [min((one.uri, one.index) for one in standing[batch.name].pages) for batch in batches]
    accepted = sum(one.shape.accepted for one in standing.values() if one.read_by.run_id != "run-1")

    for read_by in READERS:
        assert set(index.done(read_by)) == objects_that_are_done(counting, standing, read_by)
    assert list(index.listed()) == sorted(standing)
    assert index.newest_seq() == max((one.seq for one in standing.values()), default=0)
    assert sum(index.shapes("run-1"), Distribution()).accepted == accepted
    assert {batch.name: batch.version for batch in batches} == versions
    assert firsts == sorted(firsts)
    for batch in batches:
        assert_batch(batch, standing[batch.name], [position for name, position, _ in counting if name == batch.name], share)
        assert all(index.names(file.path) for file in batch.files.values())


def assert_batch(batch: IndexedBatch, said: Manifest, counting: list[int], share: Share) -> None:
    ours = [one for one in said.pages if share.holds(one.uri)]
    assert (batch.files, batch.quarantined) == (said.files, said.counts["quarantined"])
    if batch.counted is None:
        assert counting == list(range(len(said.pages)))
    else:
        assert batch.counted["position"].tolist() == sorted(counting)
        assert batch.counted["uri"].tolist() == [fingerprint(ours[position].uri) for position in sorted(counting)]
        assert batch.counted["index"].tolist() == [ours[position].index for position in sorted(counting)]


@given(st.lists(manifests, min_size=1, max_size=4))
def test_files_of_manifests_that_are_gone_are_named_no_more(sealed):
    standing = {f"batch-{one.key}.json": one for one in sealed}
    index = ManifestIndex(WHOLE)
    brought_up_to_date(index, standing, dict.fromkeys(standing, "1"))

    brought_up_to_date(index, {}, {})

    assert not any(index.names(file.path) for one in sealed for file in one.files.values())
    assert not any(index.stands(name, "1") for name in standing)
