"""View of a grid of digits that the model takes for the same one: reviewers mark only the wrong ones."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from deployments.review_app.api import batch
from deployments.review_app.context import Context, Reviewer, written
from deployments.review_app.strict_json import StrictRoute
from deployments.review_app.templating import chosen, render
from digit_core.records import NOT_A_DIGIT
from tasks.adapters.review.claims import Claim

router = APIRouter(route_class=StrictRoute)
TITLE, PATH = "Groups", "/carpet"


@router.get(PATH)
def view(request: Request, context: Context) -> Response:
    return render(request, "carpet.html", **chosen(request, context))


@router.post("/api/claim/carpet")
async def claim_group(
    collection: str,
    context: Context,
    reviewer: Reviewer,
    guess: Annotated[int | None, Query(ge=0, le=NOT_A_DIGIT)] = None,
    anew: bool = False,
) -> dict[str, Any]:
    """Lend digits of one class. anew: the reviewer's page has just been opened, and what was lent to an earlier one is free."""
    options, claims = context.options, context.queue.claims

    def lent() -> Claim:
        if anew:
            claims.release_all(reviewer)
        return claims.carpet(collection, reviewer, options.carpet_size, options.lease, options.carpet_from, guess)

    claim = await written(context, lent)
    shown = batch(claim)
    for item, kept in zip(shown["items"], claim.items, strict=True):
        item["guess"] = kept.top[0][0]  # the grid itself shows the suggestion; audits are never in a grid
    return {**shown, "guess": claim.items[0].top[0][0] if claim.items else None}
