"""What a destination of millions of pages costs besides their reading: no images, a synthetic listing, manifests and tables.

`python -m tests.benchmarks.scale --pages 10000000` prints a line for each step: seconds, and of these seconds of the
processor, the most memory held so far, and the most that lay in temporary files. The store gives out what it is asked for as
it is asked, so that what is measured is ours and not a disk's. All pages but a thousandth were read before, and a hundredth
of them twice: the older batches of these still stand, and are to be retired.
"""

from __future__ import annotations

import argparse
import json
import resource
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from digit_core.errors import FailureReason
from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.records import PageFailure, PageRef, SourceObject
from digit_core.results.manifest import Manifest, TableFile, table_path
from digit_core.results.schema import TABLES, batch_tables
from flows.sources import Listing
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NetworkFiles
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.parquet import to_parquet
from tasks.adapters.storage.storage import Entry, Storage
from tasks.reader_spec import ReaderSpec
from tasks.run_plan import BATCH_PAGES, RunPlan

READ_BY = ReadBy("1", "1", "none", "p", "r")
SOURCE, OUT = "synthetic://scans", "synthetic://out"


LONG_AGO = 1.0
HANDLES = Path("/proc/self/fd")


def table_of_pages() -> bytes:
    """Of any batch: what is in it does not matter here, as long as it takes as long to read."""
    refs = [PageRef(uri(number), f"{number:032x}", f"{number:064x}") for number in range(BATCH_PAGES)]
    rows = [PageFailure(ref, FailureReason.EMPTY, "an empty file") for ref in refs]
    return to_parquet("pages", batch_tables(rows, READ_BY)["pages"])


def uri(number: int) -> str:
    return f"{SOURCE}/box {number // 1000:05}/page {number:08}.jpg"


PAGES_TABLE = table_of_pages()


class SyntheticStorage(Storage):
    """`pages` objects. The first `read` stand in the batches of run 2, and the first `twice` of them in those of run 1 too.

    What is written, the snapshot of the manifests, lies in the folder `kept`.
    """

    def __init__(self, pages: int, read: int, twice: int, kept: Path) -> None:
        super().__init__({})
        self.kept = kept
        self.pages, self.read_by_run = pages, {1: twice, 2: read}
        self.deleted: set[str] = set()
        self.bytes = 0

    def list_objects(self, source: str, on_skip: object = None) -> Iterator[SourceObject]:
        for number in range(self.pages):
            yield SourceObject(uri(number), 1_000_000, f"{number:032x}")

    def list_folder(self, folder: str) -> Iterator[Entry]:
        if folder.endswith("/snapshots"):
            yield from (Entry(f"{folder}/{file.name}", "1", LONG_AGO) for file in self.kept.iterdir())
            return
        suffix = "json" if folder.endswith("/manifests") else "parquet"
        for run, read in self.read_by_run.items():
            for start in range(0, read, BATCH_PAGES):
                entry = Entry(f"{folder}/batch-{run:04x}{start:016x}.{suffix}", "1", LONG_AGO)
                if entry.uri not in self.deleted:
                    yield entry

    def read_many(self, uris: Sequence[str]) -> list[bytes | None]:
        return [self._bytes(one) for one in uris]

    def write_many(self, objects: Mapping[str, bytes]) -> None:
        for name, data in objects.items():
            self._file(name).write_bytes(data)

    def _file(self, name: str) -> Path:
        return self.kept / name.rpartition("/")[2]

    def _bytes(self, name: str) -> bytes:
        if "/snapshots/" in name:
            data = self._file(name).read_bytes()
            self.bytes += len(data)
            return data
        return PAGES_TABLE if name.endswith(".parquet") else self._manifest(name)

    def _manifest(self, name: str) -> bytes:
        key = name.rpartition("/batch-")[2].removesuffix(".json")
        run, start = int(key[:4], 16), int(key[4:], 16)
        numbers = range(start, min(start + BATCH_PAGES, self.read_by_run[run]))
        pages = tuple(PageRef(uri(number), f"{number:032x}", f"{number:064x}") for number in numbers)
        counts = {"pages": len(pages), "quarantined": 0, "numbers": 4000, "digits": 12000, "to_review": 900}
        files = {table: TableFile(table_path(table, key), sha256(f"{table} {key}".encode()).hexdigest()) for table in TABLES}
        data = Manifest(key, run, "2026-11-21T08:00:00+00:00", READ_BY, pages, counts, files).to_json().encode()
        self.bytes += len(data)
        return data

    def delete(self, uris: Sequence[str]) -> None:
        self.deleted.update(uris)
        for name in uris:
            self._file(name).unlink(missing_ok=True)

    def clean(self, folder: str) -> None:
        """Nothing lies there."""


class TemporaryFiles(threading.Thread):
    """Looks ten times a second how much the nameless files of this process hold (Linux); `peak` in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.ended = 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            self.peak = max(self.peak, sum(map(self._size, HANDLES.iterdir())))

    @staticmethod
    def _size(handle: Path) -> int:
        with suppress(OSError):  # closed meanwhile
            if str(handle.readlink()).endswith("(deleted)"):
                return handle.stat().st_size
        return 0


@contextmanager
def step(name: str, facts: dict[str, dict[str, float]]) -> Iterator[None]:
    start, busy, files = time.perf_counter(), time.process_time(), TemporaryFiles()
    files.start()
    yield
    files.ended.set()
    files.join()
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    peak, most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, files.peak / 2**20
    facts[name] = {"seconds": round(seconds, 1), "busy": round(busy, 1), "peak_mib": round(peak), "files_mib": round(most)}
    print(f"{name:<65} {seconds:>6.1f} s ({busy:.1f} s busy) {peak:>5.0f} MiB, files {most:>5.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000_000)
    parser.add_argument("--share", default="1/1", help="of the source that the simulated run reads")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        measure(options.pages, Share.parse(options.share), Path(folder))


def measure(pages: int, share: Share, folder: Path) -> None:
    """Measure each step, with the snapshots below the folder."""
    facts: dict[str, dict[str, float]] = {}
    new, twice = pages // 1000, pages // 100
    (folder / "read").mkdir()
    (folder / "none").mkdir()
    storage = SyntheticStorage(pages, pages - new, twice, folder / "read")
    empty = SyntheticStorage(pages, 0, 0, folder / "none")
    spec = ReaderSpec(NetworkFiles(*[ModelFile("1", Path(), "")] * 3))
    plan = RunPlan(SOURCE, OUT, Path(), spec, READ_BY, seq=1, workers=1, page_seconds=1.0, share=share)
    with step("imports", facts):
        pass
    with step(f"listing of {pages:,} objects, none read before", facts):
        found = sum(1 for _ in Listing(empty, Results(empty, OUT), plan))
    assert share.of > 1 or found == pages
    with step(f"manifests of {pages - new + twice:,} pages, without a snapshot", facts):
        Results(storage, OUT, share).next_seq()
    facts["manifests"] = {"bytes": storage.bytes}
    storage.bytes, results = 0, Results(storage, OUT, share)
    with step(f"manifests of {pages - new + twice:,} pages, from their snapshot", facts):
        results.next_seq()
    facts["snapshot"] = {"bytes": storage.bytes}
    with step("which objects are read already", facts):
        results.done(READ_BY)
    with step(f"listing of {pages:,} objects, {new:,} of them new", facts):
        found = sum(1 for _ in Listing(storage, results, plan))
    assert share.of > 1 or found == new
    with step(f"retiring the older batches of {twice:,} pages", facts):
        results.retire()
    with step(f"tables of {pages - new:,} pages in the order of the source", facts):
        found = sum(1 for _ in results.iter_batches("pages", ["state"]))
    assert share.of > 1 or found == len(range(0, pages - new, BATCH_PAGES))
    print(json.dumps({"pages": pages, "share": str(share), **facts}))


if __name__ == "__main__":
    main()
