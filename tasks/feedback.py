"""The stages of a feedback run: people's decisions become a corrected view of the results, and training data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from prefect import task

from digit_core.review.corrections import CORRECTED, Corrections
from digit_core.review.human_numbers import NONE_SIGN, REVIEWED
from digit_core.review.verdicts import Kind, Verdict, said_of
from digit_core.training.classifier.reviewed_digits import SCHEMA, TrainingSet
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.review.rows import reviewed_row
from tasks.adapters.storage.storage import Storage
from tasks.adapters.training_sets import TrainingSets
from tasks.retries import STAGE, STORAGE_STAGE

_AT_ONCE = 500

RowFields = dict[str, Any]


@dataclass(frozen=True)
class CorrectedView:
    """The corrected view of a collection: how many numbers are in each of the states that reviewers set."""

    collection: str
    states: dict[str, int]


@task(name="correct", task_run_name="correct {collection}", **STORAGE_STAGE)
def correct(queue: ReviewQueue, storage: Storage, collection: str) -> CorrectedView:
    """Write the decisions about this collection's pages beside its results."""
    results = Results(storage, collection)
    there = {(row["sha256"], row["page_index"]) for row in queue.outcomes()}.intersection(results.pages())
    rows = [reviewed_row(row) for row in queue.outcomes() if (row["sha256"], row["page_index"]) in there]
    reviewed = pa.Table.from_pylist([row for row in _with_parts(results, rows) if row["parts"]], REVIEWED)
    tables = Corrections(reviewed).over(results.iter_batches("numbers"), there)
    said = [table.filter(pc.not_equal(table["reviewer"], "")) for table in tables]
    numbers = pa.concat_tables([CORRECTED.empty_table(), *said])
    Reviewed(storage, collection).write(reviewed, numbers)
    counts = pc.value_counts(numbers["state"]).to_pylist()
    return CorrectedView(collection, {one["values"]: one["counts"] for one in counts})


def _with_parts(results: Results, rows: list[RowFields]) -> list[RowFields]:
    """Add the digits of the number to items of the queue's first version, which lack them, from the results."""
    wanted = sorted({row["number_id"] for row in rows if not row["parts"]})
    if not wanted:
        return rows
    here = pc.field("number_id").isin(wanted)
    numbers = {row["number_id"]: row for row in results.read("numbers", ["number_id", *"xywh"], where=here).to_pylist()}
    parts: dict[str, dict[int, str]] = {}
    places: dict[str, int] = {}
    for row in results.read("digits", ["number_id", "digit_id", "place", "digit"], where=here).to_pylist():
        parts.setdefault(row["number_id"], {})[row["place"]] = row["digit"] or NONE_SIGN
        places[row["digit_id"]] = row["place"]
    return [_completed(row, numbers, parts, places) if not row["parts"] else row for row in rows]


def _completed(
    row: RowFields, numbers: dict[str, RowFields], parts: dict[str, dict[int, str]], places: dict[str, int]
) -> RowFields:
    if row["number_id"] not in numbers or row["item_id"] not in places:
        return row
    number, signs = numbers[row["number_id"]], parts[row["number_id"]]
    box = {f"number_{name}": number[name] for name in "xywh"}
    return {**row, **box, "parts": "".join(signs[place] for place in sorted(signs)), "place": places[row["item_id"]]}


@task(name="collect", **STAGE)
def collect(queue: ReviewQueue, sets: TrainingSets) -> TrainingSet:
    """Write all digits that people labelled, of all collections, as the newest version of the training set."""
    decisions = queue.decisions.count()  # counted before they are read: later ones count next time
    return sets.add(pa.Table.from_pylist(list(_samples(queue)), SCHEMA), decisions)


def _samples(queue: ReviewQueue) -> Iterator[RowFields]:
    labelled = (
        (row, said_of(Verdict(Kind(row["outcome_kind"]), row["outcome_value"]), row["parts"], row["place"]).label)
        for row in queue.outcomes()
        if row["outcome_kind"]
    )
    for some in _chunks((row, label) for row, label in labelled if label is not None):
        inks = {item.item_id: item.ink for item in queue.get_many([row["item_id"] for row, _ in some])}
        for row, label in some:
            if inks[row["item_id"]]:
                facts = {name: row[name] for name in ("item_id", "collection", "model_version")}
                yield {**facts, "label": label, "pixels": inks[row["item_id"]], "reviewer": row["outcome_by"]}


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    some: list[Any] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
