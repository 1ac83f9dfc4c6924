"""Strips for the strip reader: the part of a page around a number."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import FULL, STRIP_HEIGHT, NetworkForm
from digit_core.recognition.detector import strengthened
from digit_core.records import Grey

FIGURES = (21.0, 29.0)
"""Heights in pixels of the figures in a strip of STRIP_HEIGHT: it is read at both sizes, and both readings count."""

_MARGIN = 0.45
"""Margin left and right of a number in its strip, in heights of a digit."""

_NONE = np.empty((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a page that becomes a strip: its upper left corner, its width in page pixels, strip pixels per page pixel, and
    the form of the strip."""

    x: float
    y: float
    width: float
    scale: float
    form: NetworkForm = FULL

    @classmethod
    def around(
        cls, boxes: NDArray[np.float32], figure: float, form: NetworkForm = FULL, marks: NDArray[np.float32] = _NONE
    ) -> Window:
        """Return the window in which digits with these boxes (n, 4) are `figure` of STRIP_HEIGHT high, or as high as there is
        room.

        marks: boxes (m, 4) of the points and signs that belong to them, which the window includes.
        """
        height = float(np.median(boxes[:, 3] - boxes[:, 1]))
        high = np.concatenate([boxes, marks[marks[:, 3] - marks[:, 1] > height / 2]])
        top, bottom = float(high[:, 1].min()), float(high[:, 3].max())
        scale = min(figure / max(height, 2.0), (STRIP_HEIGHT - 4) / max(bottom - top, 2.0)) * form.height / STRIP_HEIGHT
        wide = np.concatenate([boxes, marks])
        x = float(wide[:, 0].min()) - _MARGIN * height
        y = (top + bottom - form.height / scale) / 2
        return cls(x, y, float(wide[:, 2].max()) + _MARGIN * height - x, scale, form)

    def at(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map the middles of a strip's columns to the page, x in its pixels."""
        return np.asarray((columns + 0.5) * self.form.column / self.scale + self.x)

    def cut(self, darkness: Grey) -> Grey:
        width = max(8, round(self.width * self.scale))
        size = width, self.form.height
        x0, y0 = int(np.floor(self.x)), int(np.floor(self.y))
        x1, y1 = int(np.ceil(self.x + self.width)), int(np.ceil(self.y + self.form.height / self.scale))
        part = np.zeros((y1 - y0, x1 - x0), np.uint8)
        seen = darkness[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
        part[max(0, -y0) : max(0, -y0) + seen.shape[0], max(0, -x0) : max(0, -x0) + seen.shape[1]] = seen
        method = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
        return strengthened(np.asarray(cv2.resize(part, size, interpolation=method), np.uint8))
