"""Conversion of review items to database rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from digit_core.readings import ReviewItem
from digit_core.records import NOT_A_DIGIT, Box
from digit_core.review.human_numbers import NONE_SIGN, REVIEWED
from tasks.adapters.review.schema import OPEN

DatabaseRow = Mapping[Any, Any]

_PLAIN = (
    "item_id",
    "uri",
    "sha256",
    "page_index",
    "number_id",
    "reason",
    "collection",
    "model_version",
    "place",
    "second",
    "position",
)


def item_row(item: ReviewItem, created: datetime, asked: int) -> dict[str, Any]:
    """Build the row of the table `review_items`; `asked`: how many digits of its number are asked for."""
    guess, confidence = item.top[0]
    return {
        **{name: getattr(item, name) for name in _PLAIN},
        **{"x": item.box.x, "y": item.box.y, "w": item.box.w, "h": item.box.h},
        "top": [[int(label), float(probability)] for label, probability in item.top],
        "guess": int(guess),
        "confidence": float(confidence),
        "parts": list(item.parts),
        "number_box": _sides(item.number_box),
        "mark": list(item.mark) if item.mark else None,
        "text": item.text,
        "cell": list(item.cell),
        "marks": [list(mark) for mark in item.marks],
        "asked": asked,
        "state": OPEN,
        "created": created,
    }


def picture_row(item: ReviewItem) -> dict[str, Any]:
    """Build the row of the table `review_pictures`."""
    return {name: getattr(item, name) for name in ("item_id", "crop_png", "context_png", "ink")}


def to_item(row: DatabaseRow) -> ReviewItem:
    """Build the item without its pictures."""
    return ReviewItem(
        **{name: row[name] for name in _PLAIN},
        box=Box(row["x"], row["y"], row["w"], row["h"]),
        top=tuple((label, probability) for label, probability in row["top"]),
        crop_png=b"",
        context_png=b"",
        parts=tuple(row["parts"]),
        number_box=Box(*row["number_box"]) if row["number_box"] else None,
        mark=tuple(row["mark"]) if row["mark"] else None,
        text=row["text"] or "",
        cell=tuple(row["cell"]) if row["cell"] else ("", "", ""),
        asked=row["asked"],
        marks=tuple(tuple(mark) for mark in row["marks"] or ()),
    )


def to_item_with_pictures(row: DatabaseRow) -> ReviewItem:
    """Build the item from a row of both tables."""
    crop, strip, ink = (bytes(row[name]) for name in ("crop_png", "context_png", "ink"))
    return replace(to_item(row), crop_png=crop, context_png=strip, ink=ink)


def reviewed_row(row: DatabaseRow) -> dict[str, Any]:
    """Build a row of the table REVIEWED from a row of `review_items`."""
    number = row["number_box"] or [row["x"], row["y"], row["w"], row["h"]]
    return {
        **{name: row[name] for name in REVIEWED.names if name in row},
        **{f"number_{name}": side for name, side in zip("xywh", number, strict=True)},
        "parts": "".join(part or NONE_SIGN for part in row["parts"]),
        "guess": "" if row["guess"] == NOT_A_DIGIT else str(row["guess"]),
        "kind": row["outcome_kind"] or "",
        "value": row["outcome_value"] or "",
        "reviewer": row["outcome_by"] or "",
        "decided": row["outcome_at"] and datetime.fromtimestamp(row["outcome_at"], UTC),
    }


def _sides(box: Box | None) -> list[int] | None:
    return [box.x, box.y, box.w, box.h] if box else None
