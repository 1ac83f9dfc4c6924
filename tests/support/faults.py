"""Places where runs meet with faults: a source, a destination and a queue of their own, and what must be true afterwards."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.results.schema import TABLES
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage

DIGITS = Path(sys.executable).parent / "digits"
PREFECT = Path(sys.executable).parent / "prefect"
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
SOME = -(-ROUNDS // 4)
"""Rounds of what meets with many faults in each, or with one that hardly depends on its moment."""
SEED = os.environ.get("FAULT_SEED", "1")
MARK = "RUN_OF_FAULT_TEST"
PATIENCE = float(os.environ.get("FAULT_PATIENCE", "600"))  # seconds for one run
PAGES = 100 if os.environ.get("FAULTS") == "1" else 40
"""Slips of a run; `make test` makes do with fewer, still several batches."""


@dataclass(frozen=True)
class Place:
    """`mark` stands in the environment of all processes that start from here; `options` open the storage."""

    source: str
    out: str
    folder: Path
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def variables(self) -> dict[str, str]:
        return {
            **os.environ,
            "DIGITS_HOME": str(self.home),
            "DIGITS_REVIEW_DATABASE_URL": f"sqlite:///{self.folder}/review.db",
            "DIGITS_STORAGE_OPTIONS": json.dumps(self.options),
            "DIGITS_WORKERS": "2",
            MARK: self.mark,
            **self.environment,
        }

    def start(self, *more: str, command: Sequence[object] = (), **environment: str) -> subprocess.Popen[bytes]:
        """`digits digitise`, or another command, in a session of its own."""
        words = command or (DIGITS, "digitise", self.source, "--out", self.out, *more)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(word) for word in words],
                env={**self.variables, **environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, *more: str, **environment: str) -> int:
        """To its end; the exit code."""
        return self.start(*more, **environment).wait(PATIENCE)

    def run_well(self, *more: str, **environment: str) -> None:
        assert self.run(*more, **environment) == 0, self.words()[-3000:]

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def words(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def results(self) -> Results:
        return Results(Storage(dict(self.options)), self.out)

    def manifests(self) -> int:
        return len(list(Path(self.out).glob("manifests/*.json")))

    def objects(self) -> int:
        """That stand in a local destination: three tables and a manifest for each batch, at least 16 at the end."""
        return len(list(Path(self.out).glob("*/[!.]*")))

    def tables(self) -> dict[str, list[dict]]:
        """All rows that count, without what differs from place to place."""
        return {name: plain(self.results.read(name), self.source) for name in TABLES}

    def queued(self) -> list[tuple]:
        with sqlite3.connect(self.folder / "review.db") as queue:
            rows = queue.execute("SELECT item_id, state, guess, reason, uri, page_index FROM review_items").fetchall()
        return sorted((*row[:4], row[4].removeprefix(self.source), row[5]) for row in rows)


@dataclass(frozen=True)
class Moment:
    """Of a run: so many seconds after so many objects stand. How fast the machine is just now does not move it far."""

    objects: int
    seconds: float

    def wait(self, place: Place, run: subprocess.Popen[bytes]) -> None:
        """For it, or for the run's end, whichever comes first."""
        deadline = time.monotonic() + PATIENCE
        while run.poll() is None and place.objects() < self.objects and time.monotonic() < deadline:
            time.sleep(0.01)
        with suppress(subprocess.TimeoutExpired):
            run.wait(self.seconds)


def drawn_moment(draw: random.Random, usual_seconds: float) -> Moment:
    """One in four while a run starts, the others while it writes."""
    if draw.random() < 0.25:
        return Moment(0, draw.uniform(0.05, 0.6) * usual_seconds)
    return Moment(draw.randrange(16), draw.uniform(0, 0.3))


def plain(table: pa.Table, source: str) -> list[dict]:
    rows = table.drop_columns("run_id").to_pylist()
    return sorted(({**row, "file": row["file"].removeprefix(source)} for row in rows), key=repr)


def make_place(folder: Path, source: Path, home: Path, **environment: str) -> Place:
    folder.mkdir(parents=True, exist_ok=True)
    return Place(str(source), str(folder / "out"), folder, home, environment)


def assert_like(place: Place, undisturbed: Place) -> None:
    """The same rows, none lost, none twice for any reader, the same questions."""
    assert place.tables() == undisturbed.tables()
    assert place.queued() == undisturbed.queued()
    if "://" not in place.out:
        for name in TABLES:
            files = (Path(place.out) / name).glob("*.parquet")
            everything = pa.concat_tables(pq.read_table(path, partitioning=None) for path in files)
            assert plain(everything, place.source) == place.tables()[name]
            assert [
                path for path in Path(place.out).rglob("*") if path.is_file() and path.suffix not in {".parquet", ".json"}
            ] == []


def assert_nothing_torn(place: Place) -> None:
    """What a reader would follow right now: every manifest, and every file that a manifest names."""
    for manifest in Path(place.out).glob("manifests/*.json"):
        for name in json.loads(manifest.read_bytes())["files"].values():
            pq.read_table(Path(place.out) / name)


def slip(number: int) -> bytes:
    """A page of 600 x 140 pixels with two numbers, as PNG: small, since what is tried here is not the reading."""
    draw = random.Random(f"slip {number}")
    paper = np.full((140, 600), 235, np.uint8)
    for column in range(2):
        place = (40 + 280 * column + draw.randrange(20), 80 + draw.randrange(20))
        cv2.putText(paper, str(draw.randrange(10**5)), place, cv2.FONT_HERSHEY_SIMPLEX, 1.5, 40, 3, cv2.LINE_AA)
    return cv2.imencode(".png", paper)[1].tobytes()


def write_slips(folder: Path, count: int = PAGES) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"slip {number:03}.png").write_bytes(slip(number))
    return folder
