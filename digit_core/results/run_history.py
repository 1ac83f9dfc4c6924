"""History of the runs that wrote a destination, from its manifests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from digit_core.results.drift import Distribution
from digit_core.results.manifest import BY_SUMS, Manifest

MEASURABLE = 10.0
"""Least number of seconds that a run read for measuring its speed."""

_COUNTED = ("pages", "quarantined", "no_layout", "layout_off", "numbers", "digits", "to_review", *BY_SUMS)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The remaining batches of one run: their contents, and when the first and the last of them were finished; `began`: when the
    run began to read, None for a run by an earlier version."""

    run_id: str
    seq: int
    model_version: str
    first: datetime
    last: datetime
    batches: int
    objects: int
    counts: Counter[str]
    first_pages: int
    began: datetime | None = None

    @property
    def pages_per_second(self) -> float | None:
        """Return the speed from the beginning to the last batch; None when they are too close together, or a clock was set. Of a
        run whose beginning is unknown, the speed from its first batch on."""
        seconds = (self.last - (self.began or self.first)).total_seconds()
        pages = self.counts["pages"] - (0 if self.began else self.first_pages)
        return pages / seconds if seconds >= MEASURABLE else None


@dataclass
class _Run:
    manifest: Manifest
    first: datetime
    last: datetime
    first_pages: int
    batches: int
    uris: int
    counts: Counter[str]
    began: datetime | None


@dataclass(frozen=True)
class History:
    """The runs, oldest first, and the distribution of all their digits."""

    runs: tuple[RunFacts, ...]
    shape: Distribution

    @property
    def counts(self) -> Counter[str]:
        """Return the counts of all batches together; pages that were read again count again."""
        return sum((run.counts for run in self.runs), Counter[str]())

    @property
    def pages_per_object(self) -> float:
        objects = sum(run.objects for run in self.runs)
        return self.counts["pages"] / objects if objects else 1.0


def history_of(manifests: Iterable[Manifest]) -> History:
    """Read the manifests one by one; keeps a few numbers per run."""
    runs: dict[str, _Run] = {}
    shape = Distribution()
    for manifest in manifests:
        _count(runs, manifest)
        shape += manifest.shape
    ordered = sorted(runs.values(), key=lambda run: (run.first, run.manifest.order))
    return History(tuple(_facts(run) for run in ordered), shape)


def _count(runs: dict[str, _Run], manifest: Manifest) -> None:
    at, pages = datetime.fromisoformat(manifest.created), len(manifest.pages)
    run = runs.get(manifest.read_by.run_id)
    if run is None:
        run = runs[manifest.read_by.run_id] = _Run(manifest, at, at, pages, 0, 0, Counter(), None)
    if at < run.first:
        run.first, run.first_pages = at, pages
    run.last = max(run.last, at)
    if manifest.began:
        began = datetime.fromisoformat(manifest.began)
        run.began = min(run.began or began, began)
    run.batches += 1
    run.uris += len({page.uri for page in manifest.pages})
    run.counts.update({name: manifest.counts.get(name, 0) for name in _COUNTED})


def _facts(run: _Run) -> RunFacts:
    read_by = run.manifest.read_by
    return RunFacts(
        *(read_by.run_id, run.manifest.seq, read_by.model_version, run.first, run.last),
        *(run.batches, run.uris, run.counts, run.first_pages, run.began),
    )
