"""Objects to read: those of a source that are new or changed, or those with quarantined pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from digit_core.records import SourceObject
from flows.options import READING, RunOptions, run_options
from tasks.adapters.results.dataset import Results, fingerprint
from tasks.adapters.storage.storage import HIDDEN, Storage
from tasks.run_plan import RunPlan

# fmt: off
NO_SCANS = frozenset((
        ".csv", ".tsv", ".txt", ".md", ".json", ".xml", ".html", ".htm", ".yaml", ".yml", ".ini", ".log",
        ".db", ".sqlite", ".parquet", ".py", ".sh", ".doc", ".docx", ".xls", ".xlsx", ".ods", ".odt", ".zip",
        ".gz", ".tar", ".sha256", ".md5",
))
# fmt: on
"""Suffixes of files that often lie beside scans and are no pages. Anything else is probed, whatever its name."""


@dataclass
class Listing:
    """The source's objects that are not read yet; lazy, so that any number can be listed.

    Only those of the plan's share are looked at. `known` counts those that are read, `passed_over` the files whose very name
    says that they are no scan, `hidden` the files and folders whose name begins with a point; `on_skip` is told of others,
    `on_passed_over` of these.
    """

    storage: Storage
    results: Results
    plan: RunPlan
    on_skip: Callable[[str, str], None] = lambda uri, why: None
    on_passed_over: Callable[[str, str], None] = lambda uri, why: None
    known: int = 0
    passed_over: int = 0
    hidden: int = 0

    def __iter__(self) -> Iterator[SourceObject]:
        done = self.results.done(self.plan.read_by)
        for one in self.storage.list_objects(self.plan.source, self._skip):
            if one.uri != self.plan.source and PurePosixPath(one.uri).suffix.lower() in NO_SCANS:
                self.passed_over += 1
                self.on_passed_over(one.uri, "its name says that it is no scan")
            elif not self.plan.share.holds(one.uri):
                continue
            elif fingerprint(one.uri, one.version) in done:
                self.known += 1
            else:
                yield one

    def _skip(self, uri: str, why: str) -> None:
        if why == HIDDEN:
            self.hidden += 1
            self.on_passed_over(uri, why)
        else:
            self.on_skip(uri, why)


def spread(objects: Iterable[SourceObject], most: int) -> tuple[int, int, list[SourceObject]]:
    """Return the number of objects, their total bytes, and at most `most` of them, evenly spaced in the listing."""
    count = size = 0
    sample: list[SourceObject] = []
    step = 1
    for count, one in enumerate(objects, start=1):
        size += one.size
        if (count - 1) % step == 0:
            sample.append(one)
            if len(sample) > most:
                sample, step = sample[::2], 2 * step
    return count, size, sample


@dataclass
class FailedPages:
    """The objects with quarantined pages, as they are now; `reason` selects one reason.

    runs: only pages that these runs failed to read; None for all. `gone` counts those that are not in the source any more; their
    quarantined pages stay in the results.
    """

    storage: Storage
    results: Results
    reason: str = ""
    runs: Collection[str] | None = None
    gone: int = 0

    def __iter__(self) -> Iterator[SourceObject]:
        rows = (row for row in _quarantined(self.results, self.reason) if self.runs is None or row["run_id"] in self.runs)
        for uri in dict.fromkeys(row["file"] for row in rows):
            if self.storage.exists(uri):
                yield from self.storage.list_objects(uri)
            else:
                self.gone += 1


def _quarantined(results: Results, reason: str) -> Iterator[dict[str, Any]]:
    return (row for row in results.quarantined() if reason in ("", row["reason"]))


def failed_runs(results: Results, reason: str = "") -> list[tuple[RunOptions, frozenset[str]]]:
    """Return the runs that failed to read the quarantined pages, grouped by their options."""
    wanted = {row["run_id"] for row in _quarantined(results, reason)}
    found: dict[str, str] = {}
    if wanted:
        manifests = (one for one in results.manifests() if one.read_by.run_id in wanted)
        found = {one.read_by.run_id: json.dumps(dict(one.options), sort_keys=True) for one in manifests}
    return [
        (_options(text), frozenset(run for run in wanted if found.get(run, "{}") == text))
        for text in sorted({found.get(run, "{}") for run in wanted})
    ]


def _options(text: str) -> RunOptions:
    """Parse the stored options, ignoring those that this version does not know."""
    return run_options({name: value for name, value in json.loads(text).items() if name in READING})
