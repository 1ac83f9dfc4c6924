"""Object storage that is busy, slow, silent, torn, or away; a full disk; pages that change under the reader's hands."""

import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from fault_places import PATIENCE, Place, assert_like, assert_nothing_torn, make_place, slip
from flaky_s3 import KINDS, Flaky, flaky_s3
from servers import bucket_store

from digit_core.manifest import Manifest
from digit_core.readings import ReadBy
from digit_core.records import PageRef
from tasks.adapters.storage import Storage

SLIPS = 40
DAY = 86_400


@pytest.fixture
def flaky(request, no_aws_environment):
    """A bucket of a real S3 server behind a connection that can be made bad."""
    store = bucket_store("moto", request.getfixturevalue("moto_server"))
    with flaky_s3(str(store.options["endpoint_url"])) as between:
        yield store, between


@pytest.fixture
def bucket_place(flaky, place) -> tuple[Place, Place, Flaky]:
    """A place in the bucket behind the bad connection, and one whose run meets with no fault."""
    store, between = flaky
    for number in range(SLIPS):
        store.put(f"scans/slip {number:03}.png", slip(number))
    options = {**store.options, "endpoint_url": between.url, "config_kwargs": {"read_timeout": 3, "connect_timeout": 2}}
    (place.folder / "calm").mkdir()
    calm = Place(f"{store.base}/scans", f"{store.base}/calm", place.folder / "calm", place.home, place.environment, store.options)
    calm.run_well()
    bad = Place(f"{store.base}/scans", f"{store.base}/out", place.folder, place.home, place.environment, options)
    return bad, calm, between


@pytest.mark.long
@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_a_store_that_fails_on_every_tenth_request_costs_time_alone(kind, bucket_place):
    bad, calm, between = bucket_place
    between.share, between.kinds = 0.1, KINDS if kind == "all" else (kind,)

    bad.run_well()

    print(dict(between.done))
    assert sum(count for name, count in between.done.items() if name != "well") > 0
    between.share = 0.0
    assert_like(bad, calm)


@pytest.mark.long
def test_a_store_that_is_away_for_20_seconds_costs_time_alone(bucket_place):
    bad, calm, between = bucket_place
    away = threading.Event()

    def go_away(method: str, path: str) -> None:
        if method == "PUT" and not away.is_set():
            away.set()
            between.down = True
            threading.Timer(20, setattr, (between, "down", False)).start()

    between.before = go_away

    bad.run_well()

    assert between.done["down"] > 0
    assert_like(bad, calm)


def test_a_page_that_changes_or_goes_between_listing_and_reading_is_right_in_the_end(flaky, place):
    store, between = flaky
    for number in range(6):
        store.put(f"scans/slip {number:03}.png", slip(number))
    once: set[str] = set()

    def meddle(method: str, path: str) -> None:
        if method == "GET" and path.endswith("slip 002.png") and "gone" not in once:
            once.add("gone")
            delete(store, "scans/slip 002.png")
        if method == "GET" and path.endswith("slip 004.png") and "changed" not in once:
            once.add("changed")
            store.put("scans/slip 004.png", slip(99))

    between.before = meddle
    options = {**store.options, "endpoint_url": between.url}
    here = Place(f"{store.base}/scans", f"{store.base}/out", place.folder, place.home, place.environment, options)

    first = here.run("--max-failed", "0.5")
    here.run_well("--max-failed", "0.5")

    assert (first, once) == (0, {"gone", "changed"})
    pages = {row["uri"][-7:-4]: row for row in here.results.read("pages").to_pylist()}
    assert len(pages) == here.results.read("pages").num_rows == 6
    assert pages["002"]["reason"] == "missing"
    assert pages["004"]["sha256"] == sha256(slip(99))


def delete(store, key: str) -> None:
    from tasks.adapters.storage import Storage

    Storage(dict(store.options)).delete([f"{store.base}/{key}"])


def sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 200 kB, which takes a superuser to make."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "digits-test", str(disk)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_the_run_with_a_line_and_once_there_is_room_the_next_run_goes_on(small_disk, place, undisturbed):
    here = Place(place.source, str(small_disk / "out"), place.folder, place.home, place.environment)

    code = here.run()
    assert_nothing_torn(here)
    stood = here.manifests()
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    here.run_well()

    assert code == 3
    assert "no space left" in here.words()
    print(f"{stood} of 4 batches stood when the disk was full")
    assert_like(here, undisturbed)


def test_a_full_temporary_folder_is_named_and_once_there_is_room_the_next_run_goes_on(small_disk, place):
    """What was read before does not fit in it: 120,000 pages of one manifest."""
    pages = tuple(PageRef(f"/read before/{number}.png", "v", "c" * 64) for number in range(120_000))
    before = Manifest("before", 1, "2026-11-21T08:00:00+00:00", ReadBy("1", "1", "none", "p", "r"), pages, {}, {})
    Storage().write(f"{place.out}/manifests/batch-before.json", before.to_json().encode())

    code = place.run("--dry-run", SQLITE_TMPDIR=str(small_disk))
    words = place.words()
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    place.run_well("--dry-run", SQLITE_TMPDIR=str(small_disk))

    assert code == 3
    assert f"no space left in {small_disk} for temporary files" in words
    assert list(small_disk.iterdir()) == []


def test_two_identical_runs_at_once_publish_every_page_once(place, undisturbed):
    runs = [place.start(), place.start()]

    codes = [run.wait(PATIENCE) for run in runs]

    assert codes == [0, 0], place.words()[-3000:]
    assert_like(place, undisturbed)


@pytest.mark.long
def test_two_runs_over_overlapping_sources_publish_every_page_once(place, undisturbed):
    both = place.start(), make_place(place.folder, Path(place.source), place.home, **place.environment).start("--share", "1/2")

    assert [run.wait(PATIENCE) for run in both] == [0, 0], place.words()[-3000:]
    assert_like(place, undisturbed)


@pytest.fixture
def bent_clock(tmp_path) -> Path:
    """The library that bends the wall clock, and no other one: what waits by libfaketime fails, which no real jump does."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (Debian: apt-get install gcc libc6-dev)")
    library = tmp_path / "bent_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, Path(__file__).with_name("bent_clock.c")], check=True)
    return library


@pytest.mark.long
def test_a_clock_that_jumps_days_ahead_and_back_takes_nothing_away(place, undisturbed, bent_clock):
    jumping, ahead = place.folder / "jumping", place.folder / "ahead"
    jumping.write_text("0")
    ahead.write_text(str(3 * DAY))
    runs = [place.start(LD_PRELOAD=str(bent_clock), BENT_CLOCK=str(jumping))]
    while runs[0].poll() is None and not list(Path(place.out).glob("pages/*.parquet")):
        time.sleep(0.02)
    jumping.write_text(str(3 * DAY))
    runs.append(place.start(LD_PRELOAD=str(bent_clock), BENT_CLOCK=str(ahead)))
    time.sleep(4)
    jumping.write_text(str(-3 * DAY))

    assert [run.wait(PATIENCE) for run in runs] == [0, 0], place.words()[-3000:]
    place.run_well()
    assert_like(place, undisturbed)
