"""Object storage that is busy, slow, silent, torn, or away; a full disk; pages that change under the reader's hands."""

import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digit_core.readings import ReadBy
from digit_core.records import PageRef
from digit_core.results.manifest import Manifest, TableFile, table_path
from digit_core.results.schema import TABLES
from tasks.adapters.storage.storage import Storage
from tests.support.faults import PATIENCE, SEED, SOME, Place, assert_like, assert_nothing_torn, slip
from tests.support.servers.flaky_s3 import KINDS, Flaky, flaky_s3
from tests.support.servers.object_stores import ObjectStore, bucket_store, hide_aws_environment

SLIPS = 40
LOOK = 3
"""Requests by which the command looks whether there is anything to do. A store that is away then is an error at once."""


@pytest.fixture(scope="module")
def bucket(moto_server) -> ObjectStore:
    """A bucket of a real S3 server, with slips in it."""
    store = bucket_store("moto", moto_server)
    for number in range(SLIPS):
        store.put(f"scans/slip {number:03}.png", slip(number))
    return store


@pytest.fixture(scope="module")
def calm(bucket, served_home, prefect_server, tmp_path_factory) -> Place:
    """A run over the bucket that meets with no fault."""
    folder = tmp_path_factory.mktemp("calm")
    place = Place(f"{bucket.base}/scans", f"{bucket.base}/calm", folder, served_home, prefect_server.environment, bucket.options)
    with pytest.MonkeyPatch.context() as environment:
        hide_aws_environment(environment)
        place.run_well()
    return place


@pytest.fixture
def between(moto_server, no_aws_environment) -> Iterator[Flaky]:
    """The connection to the S3 server, which can be made bad."""
    with flaky_s3(moto_server.url) as flaky:
        yield flaky


@pytest.fixture
def bad(bucket, between, place) -> Place:
    """A place in the bucket behind that connection."""
    options = {**bucket.options, "endpoint_url": between.url, "config_kwargs": {"read_timeout": 3, "connect_timeout": 2}}
    out = f"{bucket.base}/{place.mark}"
    return Place(f"{bucket.base}/scans", out, place.folder, place.home, place.environment, options)


@pytest.mark.long
@pytest.mark.parametrize("number", range(SOME))
@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_a_store_that_fails_on_every_tenth_request_costs_time_alone(kind, number, bad, calm, between):
    between.draw = random.Random(f"{SEED} {kind} {number}")
    between.share, between.kinds = 0.1, KINDS if kind == "all" else (kind,)

    bad.run_well()

    print(dict(between.done))
    assert sum(count for name, count in between.done.items() if name != "well") > 0
    between.share = 0.0
    assert_like(bad, calm)


@pytest.mark.long
@pytest.mark.parametrize("number", range(SOME))
def test_a_store_that_is_away_for_20_seconds_costs_time_alone(number, bad, calm, between):
    asked = random.Random(f"{SEED} away {number}").randrange(LOOK + 1, 70)  # of some 80
    away = threading.Event()

    def go_away(method: str, path: str) -> None:
        due = between.done["well"] > asked if number else method == "PUT"
        if due and not away.is_set():
            away.set()
            between.down = True
            threading.Timer(20, setattr, (between, "down", False)).start()

    between.before = go_away

    bad.run_well()

    print(dict(between.done))
    assert between.done["down"] > 0
    assert_like(bad, calm)


@pytest.mark.parametrize("number", range(SOME))
def test_a_page_that_changes_or_goes_between_listing_and_reading_is_right_in_the_end(number, moto_server, between, place):
    store = bucket_store("moto", moto_server)
    for page in range(6):
        store.put(f"scans/slip {page:03}.png", slip(page))
    gone, changed = random.Random(f"{SEED} pages {number}").sample(range(6), 2)
    once: set[str] = set()

    def meddle(method: str, path: str) -> None:
        if method == "GET" and path.endswith(f"slip {gone:03}.png") and "gone" not in once:
            once.add("gone")
            delete(store, f"scans/slip {gone:03}.png")
        if method == "GET" and path.endswith(f"slip {changed:03}.png") and "changed" not in once:
            once.add("changed")
            store.put(f"scans/slip {changed:03}.png", slip(99))

    between.before = meddle
    options = {**store.options, "endpoint_url": between.url}
    here = Place(f"{store.base}/scans", f"{store.base}/out", place.folder, place.home, place.environment, options)

    first = here.run("--max-failed", "0.5")
    here.run_well("--max-failed", "0.5")

    assert (first, once) == (0, {"gone", "changed"})
    pages = {int(row["file"][-7:-4]): row for row in here.results.read("pages").to_pylist()}
    assert len(pages) == here.results.read("pages").num_rows == 6
    assert pages[gone]["reason"] == "missing"
    assert pages[changed]["sha256"] == sha256(slip(99))


def delete(store, key: str) -> None:
    from tasks.adapters.storage.storage import Storage

    Storage(dict(store.options)).delete([f"{store.base}/{key}"])


def sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 200 kB, hardly more than the results take, which takes a superuser to make."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "digits-test", str(disk)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("number", range(SOME))
def test_a_full_disk_stops_the_run_with_a_line_and_with_room_the_next_run_goes_on(number, small_disk, place, undisturbed):
    draw = random.Random(f"{SEED} disk {number}")
    (small_disk / "other").write_bytes(bytes(draw.randrange(40, 180, 10) * 1000))  # what else lies there: it ends sooner or later
    here = Place(place.source, str(small_disk / "out"), place.folder, place.home, place.environment)

    code = here.run()
    assert_nothing_torn(here)
    stood = here.manifests()
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    here.run_well()

    assert code == 3
    assert "no space left" in here.words()
    print(f"{stood} batches stood when the disk was full")
    assert_like(here, undisturbed)


def test_a_full_temporary_folder_is_named_and_once_there_is_room_the_next_run_goes_on(small_disk, place):
    """What was read before does not fit in it: 120,000 pages of one manifest."""
    pages = tuple(PageRef(f"/read before/{number}.png", "v", "c" * 64) for number in range(120_000))
    files = {name: TableFile(table_path(name, "b" * 20)) for name in TABLES}
    before = Manifest("b" * 20, 1, "2026-11-21T08:00:00+00:00", ReadBy("1", "1", "none", "p", "r"), pages, {}, files)
    Storage().write(f"{place.out}/manifests/batch-{before.key}.json", before.to_json().encode())

    code = place.run("--dry-run", SQLITE_TMPDIR=str(small_disk))
    words = place.words()
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    place.run_well("--dry-run", SQLITE_TMPDIR=str(small_disk))

    assert code == 3
    assert f"no space left in {small_disk} for temporary files" in words
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("number", range(SOME))
def test_two_identical_runs_at_once_publish_every_page_once(number, place, undisturbed, usual_seconds):
    later = random.Random(f"{SEED} two {number}").uniform(0, 0.8 * usual_seconds) if number else 0.0
    runs = [place.start()]
    time.sleep(later)
    runs.append(place.start())

    codes = [run.wait(PATIENCE) for run in runs]

    print(f"the second {later:.1f} s after the first")
    assert codes == [0, 0], place.words()[-3000:]
    assert_like(place, undisturbed)


@pytest.mark.long
@pytest.mark.parametrize("number", range(SOME))
def test_two_runs_over_overlapping_sources_publish_every_page_once(number, place, undisturbed, usual_seconds):
    later = random.Random(f"{SEED} overlap {number}").uniform(0, 0.8 * usual_seconds) if number else 0.0
    whole = place.start()
    time.sleep(later)
    share = place.start("--share", "1/2")

    assert [run.wait(PATIENCE) for run in (whole, share)] == [0, 0], place.words()[-3000:]
    print(f"the share {later:.1f} s after the whole")
    assert_like(place, undisturbed)
