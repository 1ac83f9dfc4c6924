"""Pictures of the review page: the crop of a digit, the strip around its number, and the page with its place marked."""

from __future__ import annotations

import logging
from functools import lru_cache

import cv2
import numpy as np
from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from deployments.review_app.addresses import may_be_read
from deployments.review_app.context import Context, ReviewContext
from deployments.review_app.decoding import ScanJob, small_page
from deployments.review_app.strict_json import StrictRoute
from digit_core.errors import InputError, PageError, StorageError
from digit_core.readings import ReviewItem
from digit_core.records import Grey

router = APIRouter(prefix="/picture", route_class=StrictRoute)
log = logging.getLogger(__name__)

_KEPT_PAGES = 32
_CACHED = {"Cache-Control": "private, max-age=3600"}
_ORANGE = (0, 110, 230)  # blue, green, red


@router.get("/crop/{item_id:path}")
def crop(item_id: str, context: Context) -> Response:
    return _png(context.queue.picture(item_id, "crop_png"))


@router.get("/strip/{item_id:path}")
def strip(item_id: str, context: Context) -> Response:
    return _png(context.queue.picture(item_id, "context_png"))


@router.get("/page/{item_id:path}")
def page(item_id: str, context: Context) -> Response:
    """Return the reduced page with a frame around the number."""
    item = _item(context, item_id)
    if not may_be_read(item.uri, context.queue.sources(item.collection), context.options.sources):
        log.warning("the scan %s of %s is outside its collection's sources, and is not opened", item.uri, item_id)
        raise HTTPException(404, "the scan is no longer available")
    try:
        small, scale = _small_page(context, item.uri, item.sha256, item.page_index)
    except (StorageError, InputError, PageError) as error:
        log.warning("the page of %s cannot be shown: %s", item_id, error)
        raise HTTPException(404, "the scan is no longer available") from error
    written, data = cv2.imencode(".jpg", _framed(small, item, scale), [cv2.IMWRITE_JPEG_QUALITY, 80])
    if not written:
        raise HTTPException(404, "the page cannot be shown")
    return Response(data.tobytes(), media_type="image/jpeg", headers=_CACHED)


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


@lru_cache(maxsize=_KEPT_PAGES)
def _small_page(context: ReviewContext, uri: str, sha256: str, index: int) -> tuple[Grey, float]:
    """Return the reduced page and its scale."""
    job = ScanJob(context.storage, uri, sha256, index, context.limits)
    with context.apart.place():
        small = context.apart.run(small_page, job)
    return small.pixels, small.scale


def _framed(small: Grey, item: ReviewItem, scale: float) -> Grey:
    box = item.number_box or item.box
    margin = round(max(6, 0.3 * box.h * scale))
    left, top = round(box.x * scale) - margin, round(box.y * scale) - margin
    right, bottom = round(box.right * scale) + margin, round(box.bottom * scale) + margin
    picture = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.rectangle(picture, (left, top), (right, bottom), _ORANGE, 3, cv2.LINE_AA), np.uint8)
