"""View of one number at a time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from deployments.review_app.api import numbers
from deployments.review_app.context import Context, Reviewer, written
from deployments.review_app.strict_json import StrictRoute
from deployments.review_app.templating import chosen, render
from tasks.adapters.review.claims import Claim, Page

router = APIRouter(route_class=StrictRoute)
TITLE, PATH = "One number at a time", "/numbers"

PageId = Annotated[str, Query(pattern="^([0-9a-f]{64}-[0-9]{1,6})?$")]
"""SHA-256 of a scan, a dash and the page's index; "" for all pages."""


@router.get(PATH)
def view(request: Request, context: Context, by_page: bool = False, page: PageId = "") -> Response:
    return render(request, "numbers.html", **chosen(request, context), by_page=by_page, page=page)


@router.post("/api/claim/numbers")
async def claim(
    collection: str,
    context: Context,
    reviewer: Reviewer,
    by_page: bool = False,
    page: PageId = "",
    anew: bool = False,
) -> dict[str, Any]:
    """Lend numbers: the least sure ones, or with `by_page` page after page; of one page only with `page`.

    anew: the reviewer's page has just been opened, and what was lent to an earlier one is free.
    """

    def lent() -> Claim:
        claims, size, lease = context.queue.claims, context.options.batch, context.options.lease
        if anew:
            claims.release_all(reviewer)
        if by_page or page:
            return claims.page_by_page(collection, reviewer, size, lease, page_of(page))
        return claims.numbers(collection, reviewer, size, lease)

    return numbers(await written(context, lent))


def page_of(page: str) -> Page | None:
    """Parse the name of a page; None for all pages."""
    sha256, _, index = page.partition("-")
    return (sha256, int(index)) if page else None
