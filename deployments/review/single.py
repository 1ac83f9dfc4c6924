"""One digit at a time."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from deployments.review.answers import batch
from deployments.review.desk import AtDesk, Reviewer
from deployments.review.pages import chosen, render

router = APIRouter()
TITLE, PATH = "One at a time", "/single"


@router.get(PATH)
def view(request: Request, desk: AtDesk) -> Response:
    return render(request, "single.html", **chosen(request, desk))


@router.post("/api/claim/single")
def claim(collection: str, desk: AtDesk, reviewer: Reviewer) -> dict[str, Any]:
    return batch(desk.queue.claims.single(collection, reviewer, desk.options.batch, desk.options.lease))
