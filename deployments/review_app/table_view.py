"""View of a page beside its table: the numbers that wait are edited in their cells, and totals follow while typing."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

import pyarrow as pa
from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from deployments.review_app.addresses import may_be_read
from deployments.review_app.api import numbers
from deployments.review_app.context import Context, ReviewContext, Reviewer, written
from deployments.review_app.images import page_scale
from deployments.review_app.number_view import PageId, page_of
from deployments.review_app.page_cells import CellsJob, PageCells, page_cells
from deployments.review_app.strict_json import StrictRoute
from deployments.review_app.templating import chosen, render
from digit_core.errors import DigitsError
from digit_core.readings import ReviewItem, State
from digit_core.results.schema import NUMBERS
from digit_core.review.asked import asked_numbers
from digit_core.review.corrections import Corrections
from digit_core.review.human_numbers import REVIEWED
from digit_core.review.page_grids import Total, page_grids, totals
from tasks.adapters.review.claims import LARGEST_LOAN, Claim, Page

router = APIRouter(route_class=StrictRoute)
TITLE, PATH = "Page and table", "/table"
log = logging.getLogger(__name__)


@router.get(PATH)
def view(request: Request, context: Context, page: PageId = "") -> Response:
    """Show a page, by default the first on which something waits."""
    choice = chosen(request, context)
    waiting = context.queue.progress.pages(choice["collection"])
    return render(request, "table.html", **choice, pages=waiting, page=page or (waiting[0].page_id if waiting else ""))


@router.post("/api/claim/table")
async def claim(collection: str, page: PageId, context: Context, reviewer: Reviewer, anew: bool = False) -> dict[str, Any]:
    """Lend all numbers that wait on a page, with the grids of the page and the totals of its layout."""
    where = page_of(page)
    if where is None:
        raise HTTPException(422, "choose a page")

    def lent() -> Claim:
        if anew:
            context.queue.claims.release_all(reviewer)
        return context.queue.claims.page_by_page(collection, reviewer, LARGEST_LOAN, context.options.lease, where)

    loan = await written(context, lent)
    return {**numbers(loan), **await run_in_threadpool(_page, context, collection, where, loan)}


def _page(context: ReviewContext, collection: str, page: Page, loan: Claim) -> dict[str, Any]:
    found, reviewed = _published(context, collection, page), context.queue.reviewed(collection, page)
    rows = _asked_alone(loan)
    if found.numbers:
        people = Corrections(pa.Table.from_pylist(reviewed, REVIEWED))
        rows = people.of_pages(pa.Table.from_pylist(list(found.numbers), NUMBERS), [page]).to_pylist()
    waiting = {row["number_id"] for row in reviewed if not row["kind"]}.union(item.number_id for item in loan.items)
    grids = page_grids(rows, waiting)
    scale = page_scale(context, loan.items[0]) if loan.items else None
    return {"grids": [asdict(grid) for grid in grids], "totals": _totals(context, found), "scale": scale}


def _asked_alone(loan: Claim) -> list[dict[str, Any]]:
    """Return the lent numbers as rows for `page_grids`."""
    return [_row(number.first) for number in asked_numbers(loan.items)]


def _row(item: ReviewItem) -> dict[str, Any]:
    box = item.number_box or item.box
    zone, row, column = item.cell
    names = {"number_id": item.number_id, "zone": zone, "row": row, "column": column, "line": item.position, "cell": ""}
    read = {"digits": "".join(item.parts), "text": item.text, "state": State.REVIEW, "decimals": None, "value": None, "kind": ""}
    return {**names, **read, "x": box.x, "y": box.y, "w": box.w, "h": box.h}


def _published(context: ReviewContext, collection: str, page: Page) -> PageCells:
    """Read the numbers of the page; none where the results cannot be read, or may not be."""
    if not may_be_read(collection, [collection], context.options.sources):
        log.warning("the results at %s are not at a place that may be read", collection)
        return PageCells(())
    try:
        with context.apart.place():
            return context.apart.run(page_cells, CellsJob(context.storage, collection, *page))
    except DigitsError as error:
        log.warning("the results at %s cannot be read: %s", collection, error)
        return PageCells(())


def _totals(context: ReviewContext, page: PageCells) -> list[dict[str, Any]]:
    """Return the totals of the layouts of the pages on a scan, as far as they are among the drawn ones."""
    return [asdict(total) for name, side in page.layouts for total in _of_layout(context, name, side)]


def _of_layout(context: ReviewContext, name: str, side: str) -> list[Total]:
    try:
        return totals(context.layouts.load(name), side)
    except DigitsError:
        return []
