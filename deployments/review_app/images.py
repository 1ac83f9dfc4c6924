"""Pictures: the crop of a digit, the strip around its number, and the page with its place marked."""

from __future__ import annotations

import hashlib
import logging
from functools import lru_cache
from threading import Lock

import cv2
import numpy as np
from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from deployments.review_app.context import Context, ReviewContext
from digit_core.errors import InputError, PageError, StorageError
from digit_core.imaging.decode import decode_page
from digit_core.readings import ReviewItem
from digit_core.records import Grey

router = APIRouter(prefix="/picture")
log = logging.getLogger(__name__)

HIGHEST, WIDEST = 900, 900
"""Pixels of a page as it is shown."""

_KEPT_PAGES = 32
_CACHED = {"Cache-Control": "private, max-age=3600"}
_ORANGE = (0, 110, 230)  # blue, green, red
_decoding = Lock()  # a page takes much memory while it is decoded: one at a time


@router.get("/crop/{item_id:path}")
def crop(item_id: str, context: Context) -> Response:
    return _png(_item(context, item_id).crop_png)


@router.get("/strip/{item_id:path}")
def strip(item_id: str, context: Context) -> Response:
    return _png(_item(context, item_id).context_png)


@router.get("/page/{item_id:path}")
def page(item_id: str, context: Context) -> Response:
    """The page, small, with a frame around the number."""
    item = _item(context, item_id)
    try:
        with _decoding:
            small, scale = _small_page(context, item.uri, item.sha256, item.page_index)
    except (StorageError, InputError, PageError) as error:
        log.warning("the page of %s cannot be shown: %s", item_id, error)
        raise HTTPException(404, "the scan cannot be had any more") from error
    written, data = cv2.imencode(".jpg", _framed(small, item, scale), [cv2.IMWRITE_JPEG_QUALITY, 80])
    if not written:
        raise HTTPException(404, "the page cannot be shown")
    return Response(data.tobytes(), media_type="image/jpeg", headers=_CACHED)


def _item(context: ReviewContext, item_id: str) -> ReviewItem:
    item = context.queue.get(item_id)
    if item is None:
        raise HTTPException(404, "no such item")
    return item


def _png(data: bytes) -> Response:
    if not data:
        raise HTTPException(404, "this item has no picture: look at the page")
    return Response(data, media_type="image/png", headers=_CACHED)


@lru_cache(maxsize=_KEPT_PAGES)
def _small_page(context: ReviewContext, uri: str, sha256: str, index: int) -> tuple[Grey, float]:
    """The page and by how much it was made smaller."""
    data = context.storage.read(uri)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InputError("the scan is another one by now")
    pixels = decode_page(data, index, context.limits).pixels
    scale = min(1.0, HIGHEST / pixels.shape[0], WIDEST / pixels.shape[1])
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _framed(small: Grey, item: ReviewItem, scale: float) -> Grey:
    box = item.number_box or item.box
    margin = round(max(6, 0.3 * box.h * scale))
    left, top = round(box.x * scale) - margin, round(box.y * scale) - margin
    right, bottom = round(box.right * scale) + margin, round(box.bottom * scale) + margin
    picture = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.rectangle(picture, (left, top), (right, bottom), _ORANGE, 3, cv2.LINE_AA), np.uint8)
