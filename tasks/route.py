"""Stage 5: put the digits that a person shall see into the review queue, with what that person needs to see."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from prefect import task

from digit_core.records import NOT_A_DIGIT, Box, PageRef, ReviewItem
from tasks.page_work import CutJob, Cuttings, Tables, cut_from_pages
from tasks.plan import Batch, RunPlan, desk
from tasks.policy import STAGE
from tasks.pool import Lost

Row = Mapping[str, Any]


@task(name="route", task_run_name="route {batch.number}", **STAGE)
def route(plan: RunPlan, batch: Batch, tables: Tables) -> list[ReviewItem]:
    """The review items of the batch, all of them now in the queue."""
    flagged = tables["digits"].filter(pc.not_equal(tables["digits"]["reason"], "")).to_pylist()
    numbers = _boxes_of_numbers(tables["numbers"], {row["number_id"] for row in flagged})
    by_page = [list(rows) for _, rows in groupby(flagged, key=lambda row: (row["uri"], row["page_index"]))]
    jobs = [_job(plan, batch, rows, numbers) for rows in by_page]
    cuttings = desk(plan).pool.run(cut_from_pages, jobs)
    items = [item for rows, cut in zip(by_page, cuttings, strict=True) for item in _items(plan, rows, cut)]
    desk(plan).queue.put(items)
    return items


def _boxes_of_numbers(numbers: pa.Table, wanted: set[str]) -> dict[str, Box]:
    rows = numbers.filter(pc.is_in(numbers["number_id"], pa.array(sorted(wanted), pa.string())))
    return {row["number_id"]: _box(row) for row in rows.to_pylist()}


def _box(row: Row) -> Box:
    return Box(row["x"], row["y"], row["w"], row["h"])


def _job(plan: RunPlan, batch: Batch, rows: list[dict[str, Any]], numbers: Mapping[str, Box]) -> CutJob:
    ref = PageRef(rows[0]["uri"], "", rows[0]["sha256"], rows[0]["page_index"])
    places = tuple((_box(row), numbers[row["number_id"]]) for row in rows)
    return CutJob(batch.paths[ref.uri], ref, plan.limits, places)


def _items(plan: RunPlan, rows: list[dict[str, Any]], cuttings: Cuttings | Lost) -> list[ReviewItem]:
    """Without its pictures a digit is still asked about: the reviewer can open the page."""
    pictures = [(b"", b"")] * len(rows) if isinstance(cuttings, Lost) else cuttings
    return [_item(plan, row, *picture) for row, picture in zip(rows, pictures, strict=True)]


def _item(plan: RunPlan, row: Row, crop: bytes, strip: bytes) -> ReviewItem:
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
        crop_png=crop,
        context_png=strip,
    )


def _label(digit: str) -> int:
    return int(digit) if digit else NOT_A_DIGIT
