"""Pictures of the review page: the crop of a digit, the strip of its number, what stands around it, and the page."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from deployments.review_app.addresses import may_be_read
from deployments.review_app.context import Context, ReviewContext
from deployments.review_app.decoding import ScanJob, SmallPage, small_page, smaller
from deployments.review_app.strict_json import StrictRoute
from digit_core.errors import InputError, PageError, StorageError
from digit_core.readings import ReviewItem
from digit_core.records import Box, Grey

router = APIRouter(prefix="/picture", route_class=StrictRoute)
log = logging.getLogger(__name__)

LARGEST_SHOWN = 900
"""Greatest length in pixels of the longer side of a page shown beside its number."""

SIDE, ABOVE = 14.0, 3.5
"""What is shown around a number, left and right, and above and below it, in heights of the number."""

_KEPT_PAGES = 16
_CACHED = {"Cache-Control": "private, max-age=3600"}
_ORANGE = (0, 110, 230)  # blue, green, red


@router.get("/crop/{item_id:path}")
def crop(item_id: str, context: Context) -> Response:
    return _png(context.queue.picture(item_id, "crop_png"))


@router.get("/strip/{item_id:path}")
def strip(item_id: str, context: Context) -> Response:
    return _png(context.queue.picture(item_id, "context_png"))


@router.get("/around/{item_id:path}")
def around(item_id: str, context: Context) -> Response:
    """Return the part of the page around the number, with a frame around it."""
    item = _item(context, item_id)
    found = _scanned(context, item)
    box = _scaled(item.number_box or item.box, found.scale)
    side, above = round(SIDE * box.h), round(ABOVE * box.h)
    left, top = max(0, box.x - side), max(0, box.y - above)
    part = found.pixels[top : box.bottom + above, left : box.right + side]
    if not part.size:
        raise HTTPException(404, "the number lies outside of its scan")
    return _jpeg(_framed(part, replace(box, x=box.x - left, y=box.y - top), 2))


@router.get("/page/{item_id:path}")
def page(item_id: str, context: Context) -> Response:
    """Return the reduced page with a frame around the number."""
    item = _item(context, item_id)
    found = _scanned(context, item)
    small = smaller(found.pixels, LARGEST_SHOWN)
    return _jpeg(_framed(small.pixels, _scaled(item.number_box or item.box, found.scale * small.scale), 3))


@router.get("/scan/{item_id:path}")
def scan(item_id: str, context: Context) -> Response:
    """Return the page of the number, in the size of `page_scale`."""
    return _jpeg(_scanned(context, _item(context, item_id)).pixels)


def page_scale(context: ReviewContext, item: ReviewItem) -> float | None:
    """Return by what the item's scan is reduced in its picture, None where it cannot be shown."""
    try:
        return _scanned(context, item).scale
    except HTTPException:
        return None


def _scanned(context: ReviewContext, item: ReviewItem) -> SmallPage:
    """Return the item's page. Raises HTTPException where the scan may not be opened, or is gone."""
    if not may_be_read(item.uri, context.queue.sources(item.collection), context.options.sources):
        log.warning("the scan %s of %s is outside its collection's sources, and is not opened", item.uri, item.item_id)
        raise HTTPException(404, "the scan is no longer available")
    try:
        return _small_page(context, item.uri, item.sha256, item.page_index)
    except (StorageError, InputError, PageError) as error:
        log.warning("the page of %s cannot be shown: %s", item.item_id, error)
        raise HTTPException(404, "the scan is no longer available") from error


def _item(context: ReviewContext, item_id: str) -> ReviewItem:
    item = context.queue.get(item_id)
    if item is None:
        raise HTTPException(404, "no such item")
    return item


def _png(data: bytes | None) -> Response:
    if data is None:
        raise HTTPException(404, "no such item")
    if not data:
        raise HTTPException(404, "this item has no picture: see the page")
    return Response(data, media_type="image/png", headers=_CACHED)


def _jpeg(picture: Grey) -> Response:
    written, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
    if not written:
        raise HTTPException(404, "the page cannot be shown")
    return Response(data.tobytes(), media_type="image/jpeg", headers=_CACHED)


@lru_cache(maxsize=_KEPT_PAGES)
def _small_page(context: ReviewContext, uri: str, sha256: str, index: int) -> SmallPage:
    job = ScanJob(context.storage, uri, sha256, index, context.limits)
    with context.apart.place():
        return context.apart.run(small_page, job)


def _scaled(box: Box, scale: float) -> Box:
    return Box(round(box.x * scale), round(box.y * scale), max(1, round(box.w * scale)), max(1, round(box.h * scale)))


def _framed(pixels: Grey, box: Box, thickness: int) -> Grey:
    """Draw a frame a little outside of the box."""
    margin = round(max(2 * thickness, 0.3 * box.h))
    corners = (box.x - margin, box.y - margin), (box.right + margin, box.bottom + margin)
    picture = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.rectangle(picture, *corners, _ORANGE, thickness, cv2.LINE_AA), np.uint8)
