"""Geometry of boxes: shared areas and containment. Pixels, origin top left, x right, y down."""

from __future__ import annotations

from digit_core.records import Box


def intersection(one: Box, other: Box) -> int:
    """Return the area that two boxes have in common, in square pixels."""
    width = min(one.right, other.right) - max(one.x, other.x)
    height = min(one.bottom, other.bottom) - max(one.y, other.y)
    return max(0, width) * max(0, height)


def iou(one: Box, other: Box) -> float:
    """Return the intersection over the union of two boxes, 0 to 1."""
    common = intersection(one, other)
    return common / (one.w * one.h + other.w * other.h - common)


def covered(box: Box, by: Box) -> float:
    """Return the share of `box` that lies within `by`, 0 to 1."""
    return intersection(box, by) / (box.w * box.h)


def inside(point: tuple[float, float], box: Box) -> bool:
    """Tell whether a point lies in a box; its left and upper edges belong to it."""
    return box.x <= point[0] < box.right and box.y <= point[1] < box.bottom
