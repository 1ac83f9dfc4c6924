"""What a destination of millions of pages costs before the first page is read: no images, a synthetic listing and manifests.

`python tests/benchmarks/scale.py --pages 10000000` prints a line for each step: seconds, and the most memory held so far.
The store gives out objects and manifests as they are asked for, so that what is measured is ours and not a disk's.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from digit_core.manifest import Manifest
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.readings import ReadBy
from digit_core.records import PageRef, SourceObject
from digit_core.share import Share
from flows.planning import Listing
from tasks.adapters.results import Results
from tasks.adapters.storage import Entry, Storage
from tasks.plan import BATCH_PAGES, RunPlan

READ_BY = ReadBy("1", "1", "none", "p", "r")
SOURCE, OUT = "synthetic://scans", "synthetic://out"


def uri(number: int) -> str:
    return f"{SOURCE}/box {number // 1000:05}/page {number:08}.jpg"


class SyntheticStorage(Storage):
    """`pages` objects, the first `read` of which stand in manifests."""

    def __init__(self, pages: int, read: int) -> None:
        super().__init__({})
        self.pages, self.read_before, self.bytes = pages, read, 0

    def list_objects(self, source: str, on_skip: object = None) -> Iterator[SourceObject]:
        for number in range(self.pages):
            yield SourceObject(uri(number), 1_000_000, f"{number:032x}")

    def list_folder(self, folder: str) -> Iterator[Entry]:
        if folder.endswith("/manifests"):
            for start in range(0, self.read_before, BATCH_PAGES):
                yield Entry(f"{folder}/batch-{start:020}.json", "1", 0.0)

    def read_many(self, uris: Sequence[str]) -> list[bytes | None]:
        return [self._manifest(int(one.rpartition("-")[2].removesuffix(".json"))) for one in uris]

    def _manifest(self, start: int) -> bytes:
        numbers = range(start, min(start + BATCH_PAGES, self.read_before))
        pages = tuple(PageRef(uri(number), f"{number:032x}", f"{number:064x}") for number in numbers)
        counts = {"pages": len(pages), "quarantined": 0, "numbers": 4000, "digits": 12000, "to_review": 900}
        files = {name: f"{name}/batch-{start:020}.parquet" for name in ("pages", "numbers", "digits")}
        data = Manifest(f"{start:020}", 1, "2026-11-21T08:00:00+00:00", READ_BY, pages, counts, files).to_json().encode()
        self.bytes += len(data)
        return data


@contextmanager
def step(name: str, facts: dict[str, dict[str, float]]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    facts[name] = {"seconds": round(time.perf_counter() - start, 1), "peak_mib": round(peak)}
    print(f"{name:<60} {facts[name]['seconds']:>8.1f} s  {peak:>8.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000_000)
    parser.add_argument("--share", default="1/1", help="of the source that the simulated run reads")
    options = parser.parse_args()
    facts: dict[str, dict[str, float]] = {}
    share = Share.parse(options.share)
    new = options.pages // 1000
    storage = SyntheticStorage(options.pages, options.pages - new)
    empty = SyntheticStorage(options.pages, 0)
    places = {"source": SOURCE, "out": OUT, "spool": Path(), "model": Path()}
    rules = {"limits": DecodeLimits(), "segmentation": SegmentationParams(), "review": ReviewPolicy()}
    plan = RunPlan(**places, **rules, read_by=READ_BY, seq=1, workers=1, page_seconds=1.0, share=share)
    with step("imports", facts):
        pass
    with step(f"listing of {options.pages:,} objects, none read before", facts):
        found = sum(1 for _ in Listing(empty, Results(empty, OUT), plan))
    assert share.of > 1 or found == options.pages
    results = Results(storage, OUT, share)
    with step(f"manifests of {options.pages - new:,} pages", facts):
        results.next_seq()
    with step("which objects are read already", facts):
        results.done(READ_BY)
    with step(f"listing of {options.pages:,} objects, {new:,} of them new", facts):
        found = sum(1 for _ in Listing(storage, results, plan))
    assert share.of > 1 or found == new
    print(json.dumps({"pages": options.pages, "share": options.share, "manifest_bytes": storage.bytes, **facts}))


if __name__ == "__main__":
    main()
