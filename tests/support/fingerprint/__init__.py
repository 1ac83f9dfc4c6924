"""Fingerprint of what is read: a few small pages and strips, and the readings that `digit_core.ALGORITHM_VERSION` stands for.

    python -m tests.support.fingerprint

renews `readings.json` after a change that reads differently and raised the version. The pictures are fixed files, so that a
change in how handwriting is synthesised changes nothing here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digit_core import ALGORITHM_VERSION
from digit_core.imaging.line_detection import Lines
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.layouts.template import Axis, Grid, Holds, Layout
from digit_core.params import ReviewPolicy, SegmentationParams
from digit_core.readings import Reading
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits, find_strip
from digit_core.records import Box, Grey, PageFound, PageImage, PageRef

HERE = Path(__file__).parent
READINGS = HERE / "readings.json"

NEAR = 2
"""Pixels that a side of a box may differ by: processors round the networks' last bits differently."""

_ROWS, _COLUMNS = (330.0, 450.0, 570.0, 690.0, 810.0, 930.0), (170.0, 400.0, 630.0, 860.0)
LAYOUT = Layout(
    "fingerprint",
    1000,
    1300,
    grids=(Grid("table", Axis(tuple("12345"), _ROWS), Axis(tuple("abc"), _COLUMNS), Holds(digits=(1, 4))),),
    lines=Lines(
        horizontal=(
            *((_COLUMNS[0], y, _COLUMNS[-1], y) for y in _ROWS),
            *((170.0, 120.0, 700.0, 120.0), (170.0, 190.0, 480.0, 190.0), (540.0, 190.0, 860.0, 190.0)),
        ),
        vertical=tuple((x, _ROWS[0], x, _ROWS[-1]) for x in _COLUMNS),
    ),
)

Readings = dict[str, list[dict[str, Any]]]


def read_all() -> Readings:
    """Read every picture with the networks that ship: text, digits, state and box of each number, in reading order."""
    reader, classifier = OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped")
    return {name: [_plain(one) for one in _read(name, pixels, reader, classifier)] for name, pixels in pictures()}


def pictures() -> Iterator[tuple[str, Grey]]:
    """Name and pixels of each page and strip; the plain page sideways too, the ruled one as a layout too."""
    for path in sorted(HERE.glob("*.png")):
        pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        yield path.stem, pixels
        if path.stem == "plain":
            yield "sideways", np.ascontiguousarray(np.rot90(pixels))
        if path.stem == "ruled":
            yield "layout", pixels


def _read(name: str, pixels: Grey, reader: OnnxReader, classifier: OnnxRecogniser) -> tuple[Reading, ...]:
    image, layouts = PageImage(pixels), (LAYOUT,) if name == "layout" else ()
    find = find_strip if name.startswith("strip") else find_digits
    found = find(image, SegmentationParams(), reader, *([layouts] if layouts else []))
    page = PageFound(PageRef(name, "1", name), image.width, image.height, image.dpi, found)
    return judge(page, classifier(found.crops), ReviewPolicy(), layouts).readings


def _plain(reading: Reading) -> dict[str, Any]:
    box = reading.box
    return {"text": reading.text, "digits": reading.digits, "state": reading.state.value, "box": [box.x, box.y, box.w, box.h]}


def networks() -> str:
    """Return the SHA-256 of the networks that ship: other networks read differently, under any version of the algorithm."""
    files = sorted(SHIPPED_MODEL.parent.glob("*.onnx"))
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()


def differences(kept: Readings, now: Readings) -> list[str]:
    """Return a line for each picture that reads differently: text, digits, states, or boxes further apart than `NEAR`."""
    names = sorted(kept.keys() | now.keys())
    return [f"{name}: {_words(kept, name)} -> {_words(now, name)}" for name in names if not _same(kept.get(name), now.get(name))]


def _words(readings: Readings, name: str) -> str:
    return " ".join(f"{one['text'] or one['digits'] or '-'} ({one['state']})" for one in readings.get(name, []))


def _same(one: list[dict[str, Any]] | None, other: list[dict[str, Any]] | None) -> bool:
    if one is None or other is None or len(one) != len(other):
        return False
    return all(
        all(a[word] == b[word] for word in ("text", "digits", "state")) and _near(Box(*a["box"]), Box(*b["box"]))
        for a, b in zip(one, other, strict=True)
    )


def _near(one: Box, other: Box) -> bool:
    sides = zip((one.x, one.y, one.right, one.bottom), (other.x, other.y, other.right, other.bottom), strict=True)
    return all(abs(a - b) <= NEAR for a, b in sides)


def kept() -> dict[str, Any]:
    """Return what `readings.json` holds: `algorithm_version`, `networks` and `readings`."""
    content: dict[str, Any] = json.loads(READINGS.read_text("utf-8"))
    return content


def complaint(before: dict[str, Any], readings: Readings, version: str = ALGORITHM_VERSION, shipped: str = "") -> str:
    """Return why these readings cannot stand beside the kept ones, and what to do; '' if they can."""
    changed = differences(before["readings"], readings)
    if changed and version == before["algorithm_version"] and (shipped or networks()) == before["networks"]:
        return "\n".join(
            [f"pages read differently under version {version}: raise ALGORITHM_VERSION in digit_core/__init__.py, then", *changed]
        )
    return ""
