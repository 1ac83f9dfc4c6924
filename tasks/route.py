"""Stage 5: put the digits that a person shall see into the review queue, with what that person needs to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from prefect import task

from digit_core.imaging.rotation import quarters_of
from digit_core.readings import ReviewItem
from digit_core.records import NOT_A_DIGIT, Box, PageFailure, PageRef
from digit_core.review.snippets import Cutting
from tasks.jobs import CutJob, Cuttings, Tables, cut_from_pages
from tasks.parcels import Parcel
from tasks.retries import STAGE
from tasks.run_plan import Batch, RunPlan, run_context
from tasks.worker_pool import Lost

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Numbers:
    """What is known of the numbers that have a digit for review: their boxes, and their digits as read, left to right."""

    boxes: Mapping[str, Box]
    parts: Mapping[str, tuple[str, ...]]


@task(name="route", task_run_name="route {batch.number}", **STAGE)
def route(plan: RunPlan, batch: Batch, found: Sequence[Parcel | PageFailure], tables: Tables) -> list[ReviewItem]:
    """The review items of the batch, all of them now in the queue; what no longer needs a person has left it.

    found: the pages as `detect` gave them, with the crops that the model saw.
    """
    flagged = tables["digits"].filter(pc.not_equal(tables["digits"]["reason"], "")).to_pylist()
    numbers = _numbers(tables, {row["number_id"] for row in flagged})
    inks = _inks(found, {row["digit_id"] for row in flagged})
    by_page = [list(rows) for _, rows in groupby(flagged, key=lambda row: (row["uri"], row["page_index"]))]
    lying = _lying(tables["pages"])
    jobs = [_job(plan, batch, rows, numbers.boxes, lying) for rows in by_page]
    cuttings = run_context(plan).pool.run(cut_from_pages, jobs)
    items = [item for rows, cut in zip(by_page, cuttings, strict=True) for item in _items(plan, rows, cut, numbers, inks)]
    run_context(plan).queue.put(items, [(page.ref.sha256, page.ref.index) for page in found if isinstance(page, Parcel)])
    return items


def _numbers(tables: Tables, wanted: set[str]) -> _Numbers:
    ids = pa.array(sorted(wanted), pa.string())
    boxes, digits = (table.filter(pc.is_in(table["number_id"], ids)) for table in (tables["numbers"], tables["digits"]))
    parts: dict[str, dict[int, str]] = {}
    for row in digits.select(["number_id", "place", "digit"]).to_pylist():
        parts.setdefault(row["number_id"], {})[row["place"]] = row["digit"]
    in_order = {number: tuple(places[place] for place in sorted(places)) for number, places in parts.items()}
    return _Numbers({row["number_id"]: _box(row) for row in boxes.to_pylist()}, in_order)


def _inks(found: Sequence[Parcel | PageFailure], wanted: set[str]) -> dict[str, bytes]:
    """The crop that the model saw of each wanted digit, by its id."""
    named = (
        (page.ref.digit_id(Box(*box)), crop)
        for page in found
        if isinstance(page, Parcel)
        for box, crop in zip(page.boxes.tolist(), page.crops, strict=True)
    )
    return {digit: crop.tobytes() for digit, crop in named if digit in wanted}


def _lying(pages: pa.Table) -> dict[tuple[str, int], int]:
    """By how many quarters each page lies turned on its scan, by its file and its number there."""
    rows = pages.select(["uri", "page_index", "skew"]).to_pylist()
    return {(row["uri"], row["page_index"]): quarters_of(row["skew"]) for row in rows}


def _box(row: Row) -> Box:
    return Box(row["x"], row["y"], row["w"], row["h"])


def _job(
    plan: RunPlan, batch: Batch, rows: list[dict[str, Any]], numbers: Mapping[str, Box], lying: Mapping[tuple[str, int], int]
) -> CutJob:
    ref = PageRef(rows[0]["uri"], "", rows[0]["sha256"], rows[0]["page_index"])
    places = tuple((_box(row), numbers[row["number_id"]]) for row in rows)
    return CutJob(batch.paths[ref.uri], ref, plan.limits, places, lying[ref.uri, ref.index])


def _items(
    plan: RunPlan, rows: list[dict[str, Any]], cuttings: Cuttings | Lost, numbers: _Numbers, inks: Mapping[str, bytes]
) -> list[ReviewItem]:
    """Without its pictures a digit is still asked about: the reviewer can open the page."""
    pictures = [Cutting()] * len(rows) if isinstance(cuttings, Lost) else cuttings
    return [_item(plan, row, cutting, numbers, inks) for row, cutting in zip(rows, pictures, strict=True)]


def _item(plan: RunPlan, row: Row, cutting: Cutting, numbers: _Numbers, inks: Mapping[str, bytes]) -> ReviewItem:
    return ReviewItem(
        item_id=row["digit_id"],
        uri=row["uri"],
        sha256=row["sha256"],
        page_index=row["page_index"],
        number_id=row["number_id"],
        box=_box(row),
        top=tuple((_label(row[f"digit{rank}"]), row[f"p{rank}"]) for rank in (1, 2, 3)),
        reason=row["reason"],
        collection=plan.out,
        model_version=row["model_version"],
        crop_png=cutting.crop,
        context_png=cutting.strip,
        parts=numbers.parts[row["number_id"]],
        place=row["place"],
        number_box=numbers.boxes[row["number_id"]],
        mark=cutting.mark,
        ink=inks[row["digit_id"]],
    )


def _label(digit: str) -> int:
    return int(digit) if digit else NOT_A_DIGIT
