"""Power cuts: `digits digitise` is killed at drawn moments and started again, and nothing of it shows in the end.

A destination is struck four times: FAULT_ROUNDS=20 makes five of them and twenty kills.
`KILL_CHAINS=3 make faults ARGS="-k power"` for three of them, `FAULT_SEED=…` for other moments, `KILL_PAGES=…` for another
number of pages than 200.
"""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_core.results.schema import TABLES
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tests.support import processes
from tests.support.faults import SEED, SOME

pytestmark = pytest.mark.long  # `make test` kills runs in test_kills

PAGES = int(os.environ.get("KILL_PAGES", "200"))
CHAINS = int(os.environ.get("KILL_CHAINS", str(SOME)))
DIGITS = Path(sys.executable).parent / "digits"
MARK = "RUN_OF_TEST_KILL"
FAREWELL = 12  # seconds in which everything that a killed run started has to be gone


@dataclass(frozen=True)
class Place:
    """A destination with a home of its own; `mark` stands in the environment of all processes that start from here."""

    source: Path
    out: Path
    home: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start(self) -> subprocess.Popen:
        environment = {**os.environ, "DIGITS_HOME": str(self.home), MARK: self.mark}
        with (self.out.parent / f"{self.out.name}.log").open("ab") as log:
            return subprocess.Popen(
                [DIGITS, "digitise", self.source, "--out", self.out],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run_to_the_end(self) -> None:
        assert self.start().wait(timeout=300) == 0, (self.out.parent / f"{self.out.name}.log").read_text()[-3000:]

    def files(self) -> list[Path]:
        return [path for path in self.out.rglob("*") if path.is_file()]


@dataclass(frozen=True)
class Kill:
    """When and whom: `seconds` after a new object that matches `sign` stands in the destination, or after the start."""

    sign: str
    seconds: float
    whole_group: bool

    def strike(self, place: Place) -> None:
        """Starts a run and kills it; a run that ends sooner has to end well."""
        began = time.time()
        run = place.start()
        while run.poll() is None and self.sign and not self._is_given(place, began):
            time.sleep(0.01)
        try:
            assert run.wait(self.seconds) == 0
        except subprocess.TimeoutExpired:
            os.kill(-run.pid if self.whole_group else run.pid, signal.SIGKILL)
            run.wait()
        print(f"{self}: left {len(place.files())} files, {len(list(place.out.glob('manifests/*')))} of them manifests")

    def _is_given(self, place: Place, since: float) -> bool:
        with contextlib.suppress(FileNotFoundError):  # renamed or removed while we look
            return any(path.stat().st_mtime > since for path in place.out.glob(self.sign))
        return False


def drawn_kills(chain: int, start_up: float) -> list[Kill]:
    """While a run seals its batches, while one writes tables, while one starts, and again while one writes."""
    draw = random.Random(f"{SEED} {chain}")
    return [
        Kill("manifests/*.json", draw.uniform(0, 0.3), whole_group=False),
        Kill("*/*.parquet", draw.uniform(0, 0.6), whole_group=True),
        Kill("", draw.uniform(0, start_up / 2), whole_group=draw.random() < 0.5),
        Kill("*/*.parquet", draw.uniform(0, 0.6), whole_group=False),
    ]


@pytest.fixture(scope="module")
def scans(tmp_path_factory) -> Path:
    """Slips of 600 x 400 pixels with six numbers each."""
    folder = tmp_path_factory.mktemp("scans")
    draw = random.Random(7)
    for page in range(PAGES):
        paper = np.full((400, 600), 235, np.uint8)
        for row in range(3):
            for column in range(2):
                number = str(draw.randrange(10**5))
                place = (40 + 280 * column + draw.randrange(20), 100 + 110 * row + draw.randrange(20))
                cv2.putText(paper, number, place, cv2.FONT_HERSHEY_SIMPLEX, 1.5, 40, 3, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"slip {page:03}.png"), paper)
    return folder


@pytest.fixture(scope="module")
def undisturbed(scans, tmp_path_factory) -> tuple[Place, float]:
    """A run that nothing befell, and the seconds until it wrote its first file."""
    folder = tmp_path_factory.mktemp("undisturbed")
    place = Place(scans, folder / "out", folder / "home")
    start = time.monotonic()
    run = place.start()
    while not place.files() and run.poll() is None:
        time.sleep(0.02)
    start_up = time.monotonic() - start
    assert run.wait(timeout=300) == 0, (folder / "out.log").read_text()[-3000:]
    return place, start_up


@pytest.fixture(scope="module", params=range(CHAINS))
def killed(scans, undisturbed, tmp_path_factory, request) -> Place:
    """The same, killed again and again, each time taken up by the next run, and at last left to run to its end."""
    folder = tmp_path_factory.mktemp("killed")
    place = Place(scans, folder / "out", folder / "home")
    for kill in drawn_kills(request.param, undisturbed[1]):
        kill.strike(place)
        assert_nothing_visible_is_torn(place)
    place.run_to_the_end()
    return place


def assert_nothing_visible_is_torn(place: Place) -> None:
    """What a reader would follow right after the kill: every manifest, and every file that a manifest names."""
    for manifest in place.out.glob("manifests/*.json"):
        for name in json.loads(manifest.read_bytes())["files"].values():
            pq.read_table(place.out / name)


def rows(table: pa.Table) -> list[dict]:
    return sorted(table.drop_columns("run_id").to_pylist(), key=repr)


@pytest.mark.parametrize("name", TABLES)
def test_killed_runs_leave_the_tables_of_an_undisturbed_run(killed, undisturbed, name):
    expected, found = (rows(Results(Storage(), str(place.out)).read(name)) for place in (undisturbed[0], killed))

    assert len(expected) >= PAGES
    assert found == expected


@pytest.mark.parametrize("name", TABLES)
def test_killed_runs_leave_no_file_behind_that_a_plain_reader_would_count_twice(killed, name):
    plain = pa.concat_tables(pq.read_table(path, partitioning=None) for path in (killed.out / name).glob("*.parquet"))

    assert rows(plain) == rows(Results(Storage(), str(killed.out)).read(name))


def test_killed_runs_leave_whole_objects_only(killed):
    unknown = [path for path in killed.files() if path.suffix not in {".parquet", ".json"}]

    assert unknown == []
    assert_nothing_visible_is_torn(killed)


def test_killed_runs_leave_no_working_files_in_the_home_folder(killed):
    assert list((killed.home / "spool").glob("*")) == []


def test_killed_runs_put_the_same_digits_into_the_review_queue(killed, undisturbed):
    expected, found = (queued(place) for place in (undisturbed[0], killed))

    assert expected
    assert found == expected


def queued(place: Place) -> list[tuple]:
    """Every item but for its collection, which is the destination, and its time."""
    columns = (
        "item_id, state, confidence, guess, top, reason, uri, sha256, page_index, number_id, x, y, w, h, crop_png, context_png"
    )
    with sqlite3.connect(place.home / "review.db") as queue:
        tables = "review_items JOIN review_pictures USING (item_id)"
        return queue.execute(f"SELECT {columns} FROM {tables} ORDER BY item_id").fetchall()  # noqa: S608  fixed words


def test_killed_runs_leave_no_process_behind(killed):
    deadline = time.monotonic() + FAREWELL
    while (left := processes.marked(MARK, killed.mark)) and time.monotonic() < deadline:
        time.sleep(0.2)

    assert [processes.command(pid) for pid in left] == []
