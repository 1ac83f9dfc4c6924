"""View to try the model in service: write a digit or drop an image and see the reading."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from deployments.review_app.context import Context, ReviewContext
from deployments.review_app.decoding import StripJob, read_strip
from deployments.review_app.strict_json import StrictRoute
from deployments.review_app.templating import render
from digit_core.errors import PageError
from digit_core.params import DecodeLimits

router = APIRouter(route_class=StrictRoute)
TITLE, PATH = "Try it", "/try"

LIMITS = DecodeLimits(max_megapixels=8.0, max_pages=1, max_megabytes=6.0)
MOST_DIGITS = 20


@router.get(PATH)
def view(request: Request) -> Response:
    return render(request, "try_it.html")


@router.post("/api/read")
async def read(request: Request, context: Context) -> dict[str, Any]:
    """Read one number from the image in the body: for each digit, left to right, 11 probabilities and the 784 pixels of its
    crop."""
    with context.apart.place():
        return await run_in_threadpool(_read, await request.body(), context)


def _read(data: bytes, context: ReviewContext) -> dict[str, Any]:
    try:
        found = context.apart.run(read_strip, StripJob(data, replace(context.spec(), limits=LIMITS)))
    except PageError as error:
        raise HTTPException(422, f"this image cannot be read: {error}") from error
    digits = [
        {"probabilities": [round(float(share), 4) for share in row], "pixels": crop.reshape(-1).tolist()}
        for crop, row in zip(found.crops[:MOST_DIGITS], found.probabilities[:MOST_DIGITS], strict=True)
    ]
    return {"digits": digits, "model": found.model}
