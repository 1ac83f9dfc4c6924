"""Outline of a photographed page: its four edges within a dark surround, and the page drawn straight.

A page that lies flat on a scanner is a rectangle and is left as it is. Seen at an angle its opposite edges converge, and curled
its edges bend; where all four edges are plain to see, both are undone. Points are (x, y) in pixels, origin top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.background import reduced
from digit_core.imaging.page_frame import OF_PAGE, find_page
from digit_core.imaging.prepare import Mask
from digit_core.records import Grey

Points = NDArray[np.float64]
"""Shape (n, 2): x, y."""

_CONVERGING = 0.6
"""Degrees between opposite edges from which a page is straightened: paper is seldom cut more exactly."""

_BENT = 0.008
"""Rise of an edge as a share of its length from which it counts as bent."""

_ANGLE = 25.0
"""Greatest deviation of a corner from a right angle in degrees: with more it is no page."""

_WORN = 0.06
"""Share of an edge at either end that is not looked at: corners are worn and folded."""

_ROUGH = 0.004
"""Greatest mean distance of an edge from its curve as a share of its length: what is rougher is torn, or no edge."""

_REACH = 0.06
"""Distance from an edge's straight line, as a share of its length, within which the edge is looked for."""

_STEP, _STEEP = 5, 0.6
"""Points of the edge on either side between which its direction is measured; greatest slope against its side."""

_AT_BORDER, _CUT = 6, 0.1
"""Pixels of the small picture within which an edge may be the picture's, and share of such an edge from which it is."""

_SAME = 0.01
"""Relative difference up to which two aspect ratios are the same."""

_DEGREE = 3
"""Degree of the curve of a bent edge."""

_MESH = 33
"""Points a side of the mesh by which a curled page is drawn straight."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The four edges of a page on a picture, and the size (width, height) in which it is drawn straight.

    corners (4, 2): upper left, upper right, lower right, lower left of the straight lines along the edges. bends (4, n): of the
    upper, right, lower and left edge the coefficients, highest power first, of the distance downwards or to the right from that
    line, in pixels of the straight page, along it from -1 to 1.
    """

    corners: Points
    size: tuple[int, int]
    bends: NDArray[np.float64]

    @property
    def rotation(self) -> float:
        """Return the tilt of the page on the picture in degrees, clockwise positive."""
        along = self.corners[1] - self.corners[0] + self.corners[2] - self.corners[3]
        return float(np.degrees(np.arctan2(along[1], along[0])))

    def to_picture(self, points: Points) -> Points:
        """Map points of the straight page, (n, 2), to the picture."""
        width, height = self.size
        u, v = points[:, 0] / width, points[:, 1] / height
        top, right, bottom, left = (np.polyval(bend, 2 * at - 1) for bend, at in zip(self.bends, (u, v, u, v), strict=True))
        bent = points + np.stack([(1 - u) * left + u * right, (1 - v) * top + v * bottom], axis=1)
        return _projected(bent, _projection(self.corners, self.size))

    def straightened(self, picture: Grey) -> Grey:
        """Draw the page straight, in its `size`."""
        width, height = self.size
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        if not self.bends.any():
            to_picture = _projection(self.corners, self.size)
            flat = cv2.warpPerspective(picture, to_picture, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
            return np.asarray(flat, np.uint8)
        x, y = np.meshgrid(np.linspace(0, width, _MESH), np.linspace(0, height, _MESH))
        mesh = self.to_picture(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(_MESH, _MESH, 2).astype(np.float32)
        to_mesh = np.array([[(_MESH - 1) / width, 0, 0], [0, (_MESH - 1) / height, 0]])
        where = cv2.warpAffine(mesh, to_mesh, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        to_x, to_y = (np.ascontiguousarray(where[..., axis]) for axis in (0, 1))
        return np.asarray(cv2.remap(picture, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def find_outlines(picture: Grey) -> tuple[Outline, ...]:
    """Find the edges of a page that is seen at an angle or curled; none for a flat page, and where an edge is not plain to see.

    The edges alone do not tell how much longer than wide the page is. The first outline has the mean length of opposite edges, as
    a camera shows them; the second the greater one, where that differs by more than a percent.
    """
    frame = find_page(reduced(picture, 1024), OF_PAGE)
    if frame is None:
        return ()
    edge = _edge_of(frame.outside)
    rough = cv2.approxPolyN(edge, 4, ensure_convex=True).reshape(4, 2).astype(np.float64)
    sides = _sides_of(edge, _from_upper_left(rough), frame.outside.shape)
    if sides is None:
        return ()
    scale = np.array(picture.shape[::-1]) / np.array(frame.outside.shape[::-1])
    corners = (_crossings([_line_through(side) for side in sides]) + 0.5) * scale
    if not _is_page(corners):
        return ()
    edges = [(side + 0.5) * scale for side in sides]
    bends = [_bends_of(edges, corners, size) for size in _sizes_of(corners)]
    found = [Outline(corners, size, bend) for size, bend in zip(_sizes_of(corners), bends, strict=True) if bend is not None]
    return tuple(one for one in found if one.bends.any() or _converging(corners) >= _CONVERGING)


def _directions(corners: Points) -> NDArray[np.float64]:
    """Return the directions of the upper, right, lower and left edge in degrees, clockwise around the page."""
    edges = np.roll(corners, -1, axis=0) - corners
    return np.degrees(np.arctan2(edges[:, 1], edges[:, 0]))


def _is_page(corners: Points) -> bool:
    directions = _directions(corners)
    return bool(np.abs(_turn(np.roll(directions, -1) - directions) - 90).max() <= _ANGLE)


def _converging(corners: Points) -> float:
    """Return the greater of the two angles between opposite edges, in degrees."""
    directions = _directions(corners)
    return float(np.abs(_turn(directions[2:] - directions[:2] - 180)).max())


def _sizes_of(corners: Points) -> tuple[tuple[int, int], ...]:
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1).tolist()
    mean = max(1, round((top + bottom) / 2)), max(1, round((left + right) / 2))
    most = max(1, round(max(top, bottom))), max(1, round(max(left, right)))
    same = abs(mean[0] * most[1] / (mean[1] * most[0]) - 1) < _SAME
    return (mean,) if same else (mean, most)


def _bends_of(sides: Sequence[Points], corners: Points, size: tuple[int, int]) -> NDArray[np.float64] | None:
    """Return the bends of the sides of a page with these corners, zeros if no side is bent; None if one is rough."""
    to_straight = np.asarray(np.linalg.inv(_projection(corners, size)), np.float64)
    bends, rises = [], []
    for side, points in enumerate(sides):
        places = _projected(points, to_straight)
        along, across = (0, 1) if side % 2 == 0 else (1, 0)
        length, at = size[along], 2 * places[:, along] / size[along] - 1
        away = places[:, across] - (0 if side in (0, 3) else size[across])
        bend = np.polyfit(at, away, _DEGREE)
        if np.abs(away - np.polyval(bend, at)).mean() > _ROUGH * length:
            return None
        bends.append(bend)
        rises.append(float(np.ptp(np.polyval(bend, np.linspace(-1, 1, _MESH)))) / length)
    return np.array(bends) if max(rises) >= _BENT else np.zeros((4, 1))


def _edge_of(outside: Mask) -> NDArray[np.int32]:
    """Return the edge of the largest part of the page, (n, 1, 2)."""
    contours, _ = cv2.findContours(cv2.bitwise_not(outside), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(contours, key=cv2.contourArea), np.int32)


def _sides_of(edge: NDArray[np.int32], corners: Points, shape: tuple[int, ...]) -> list[Points] | None:
    """Return the points of the edge along each side, upper, right, lower, left; None where a side is not plain to see."""
    points = edge[:, 0, :].astype(np.float64)
    steps = np.roll(points, -_STEP, axis=0) - np.roll(points, _STEP, axis=0)
    beyond = (points < _AT_BORDER) | (points >= np.array(shape[::-1]) - _AT_BORDER)
    at_border = np.asarray(beyond.any(axis=1), np.bool_)
    sides = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.linalg.norm(end - start))
        forward = (end - start) / length
        across = np.array([-forward[1], forward[0]])
        along, away = (points - start) @ forward / length, np.abs((points - start) @ across)
        own = (along > _WORN) & (along < 1 - _WORN) & (away < _REACH * length)
        own &= np.abs(steps @ across) < _STEEP * np.abs(steps @ forward)
        if own.sum() < 0.5 * (1 - 2 * _WORN) * length or at_border[own].mean() > _CUT:
            return None
        sides.append(points[own])
    return sides


def _line_through(points: Points) -> NDArray[np.float64]:
    """Return the line (a, b, c) with ax + by + c = 0 along these points, few of which may lie far from it."""
    dx, dy, x, y = cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel().astype(np.float64)
    return np.array([dy, -dx, dx * y - dy * x])


def _crossings(lines: Sequence[NDArray[np.float64]]) -> Points:
    """Return the corners between the last line and the first, the first and the second, and so on."""
    crossings = [np.cross(lines[side - 1], lines[side]) for side in range(4)]
    return np.array([(x / w, y / w) for x, y, w in crossings])


def _from_upper_left(corners: Points) -> Points:
    """Return the corners clockwise, from the upper left of a page that is turned by less than 45 degrees."""
    middle = corners.mean(axis=0)
    clockwise = corners[np.argsort(np.arctan2(*(corners - middle).T[::-1]))]
    return np.roll(clockwise, -int(np.argmin(clockwise.sum(axis=1))), axis=0)


def _projection(corners: Points, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the projection (3, 3) from a straight page of this size to its corners."""
    width, height = size
    straight = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(straight, corners.astype(np.float32)), np.float64)


def _projected(points: Points, projection: NDArray[np.float64]) -> Points:
    places = points @ projection[:, :2].T + projection[:, 2]
    return np.asarray(places[:, :2] / places[:, 2:], np.float64)


def _turn(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angles between -180 and 180."""
    return np.asarray((degrees + 180) % 360 - 180, np.float64)
