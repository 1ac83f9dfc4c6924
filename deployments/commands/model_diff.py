"""The command `digits promote --against`: lists the published numbers that would change, without changing anything."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import typer

from deployments.commands.open_results import open_results
from deployments.commands.published_changes import PageChanges, what_would_change
from deployments.commands.tables import print_table
from digit_core.errors import InputError
from digit_core.params import NetworkName
from digit_core.readings import State
from digit_core.records import PageFailure
from digit_core.results.model_diff import Change
from flows.networks import networks_of_run, registry
from flows.settings import load_settings
from tasks.adapters.registry.networks import network_named
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage

COLUMNS = (
    *("file", "page", "x", "y", "w", "h", "kind", "published", "published_state", "published_confidence"),
    *("new", "new_state", "new_confidence", "because"),
)
_SHOWN = ("file", "page", "box", "published", "would be", "confidence", "change")
FAILURES_SHOWN = 5


@dataclass
class _Seen:
    """Results so far. Of the changed numbers the first `limit` are kept, accepted ones before those that are in review anyway;
    all others are only counted."""

    limit: int
    pages: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    others: int = 0
    accepted: list[Change] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    accepted_total: int = 0
    failures: list[PageFailure] = field(default_factory=list)

    def add(self, change: Change) -> None:
        if not change.by_model:
            self.others += 1
            return
        self.kinds[change.kind] += 1
        was_accepted = change.old_state == State.ACCEPTED
        self.accepted_total += was_accepted
        kept = self.accepted if was_accepted else self.waiting
        if len(kept) < self.limit:
            kept.append(change)

    @property
    def first(self) -> list[Change]:
        return [*self.accepted, *self.waiting][: self.limit]


def against(network: NetworkName, version: str, dest: str, limit: int, output: Path | None) -> None:
    """Print the first changes, or write all as CSV."""
    settings = load_settings()
    results = open_results(dest)
    versions = registry(settings, network_named(network))
    versions.offer_shipped()
    champion = networks_of_run(settings)
    challenger = replace(champion, **{versions.network.option: versions.model(versions.resolve(version))})
    seen = _Seen(limit)
    with _bar(_pages(results)) as on_pages:
        outcomes = what_would_change(results, Storage(settings.storage_options), champion, challenger, settings, on_pages)
        found = _changes(outcomes, seen)
        if output is None:
            for change in found:
                seen.add(change)
        else:
            _write(output, found, seen)
    if output is None and seen.first:
        print_table(_SHOWN, [_shown(change) for change in seen.first])
    old, new = (getattr(one, versions.network.option).version for one in (champion, challenger))
    _tell(seen, results.dest, old, new, output)


def _pages(results: Results) -> int:
    return sum(pc.sum(pc.equal(rows["state"], "read")).as_py() or 0 for rows in results.iter_batches("pages", ["state"]))


def _changes(outcomes: Iterable[PageChanges | PageFailure], seen: _Seen) -> Iterator[Change]:
    for outcome in outcomes:
        if isinstance(outcome, PageFailure):
            seen.failures.append(outcome)
        else:
            seen.pages += 1
            yield from outcome.changes


@contextmanager
def _bar(pages: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("pages read again", total=pages)
        yield lambda count: bar.advance(task, count)


def _write(file: Path, found: Iterator[Change], seen: _Seen) -> None:
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as output:
            writer = csv.writer(output, lineterminator="\n")
            writer.writerow(COLUMNS)
            for change in found:
                seen.add(change)
                writer.writerow(_line(change))
        part.replace(file)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}; choose a file in a folder that can be written") from error
    finally:
        part.unlink(missing_ok=True)


def _line(change: Change) -> tuple[object, ...]:
    box = change.box
    return (
        *(change.file, change.page, box.x, box.y, box.w, box.h, change.kind.value),
        *(change.old, change.old_state, f"{change.old_confidence:.4f}"),
        *(change.new, change.new_state, f"{change.new_confidence:.4f}"),
        "model" if change.by_model else "reading anew",
    )


def _shown(change: Change) -> tuple[object, ...]:
    box = change.box
    confidence = f"{change.old_confidence:.3f} -> {change.new_confidence:.3f}"
    place = f"{box.x},{box.y} {box.w}x{box.h}"
    return change.file, change.page, place, change.old or "-", change.new or "-", confidence, change.kind.value


def _tell(seen: _Seen, dest: str, champion: str, challenger: str, output: Path | None) -> None:
    total = seen.kinds.total()
    kinds = f" ({', '.join(f'{count:,} {kind}' for kind, count in seen.kinds.most_common())})" if total else ""
    typer.echo(f"{total:,} published numbers of {dest} would change with version {challenger} in place of {champion}{kinds}")
    if total:
        typer.echo(f"{seen.accepted_total:,} of them were accepted without review")
    if total > seen.limit and output is None:
        typer.echo(f"… the first {seen.limit}; --limit shows more, -o FILE writes all", err=True)
    if seen.others:
        typer.echo(
            f"{seen.others:,} others would change at the next reading with version {champion} too: they were read by another "
            "version, algorithm or threshold"
        )
    if output:
        typer.echo(f"all of them in {output}")
    typer.echo(f"{seen.pages:,} pages read again; nothing was changed: leave out --against to promote")
    for failure in seen.failures[:FAILURES_SHOWN]:
        typer.echo(f"not read again: {failure.ref.uri} page {failure.ref.index + 1}: {failure.message}")
    if len(seen.failures) > FAILURES_SHOWN:
        typer.echo(f"not read again: {len(seen.failures) - FAILURES_SHOWN:,} more pages")
