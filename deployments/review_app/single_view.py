"""View of one digit at a time."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from deployments.review_app.api import batch
from deployments.review_app.context import Context, Reviewer, written
from deployments.review_app.strict_json import StrictRoute
from deployments.review_app.templating import chosen, render

router = APIRouter(route_class=StrictRoute)
TITLE, PATH = "One at a time", "/single"


@router.get(PATH)
def view(request: Request, context: Context) -> Response:
    return render(request, "single.html", **chosen(request, context))


@router.post("/api/claim/single")
async def claim(collection: str, context: Context, reviewer: Reviewer) -> dict[str, Any]:
    options = context.options
    return batch(await written(context, lambda: context.queue.claims.single(collection, reviewer, options.batch, options.lease)))
