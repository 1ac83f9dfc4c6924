"""Lines of a transcribed page, from ALTO (the Library of Congress' XML for text on scans): outline and text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError

_NUMBER = re.compile(r"[\d\s.,:;\-/]*\d[\d\s.,:;\-/]*")


@dataclass(frozen=True, slots=True, eq=False)
class TranscribedLine:
    """A transcribed line.

    text: as transcribed; outline (n, 2): x, y of the polygon around its ink, pixels of the scan from its upper left corner.
    """

    text: str
    outline: NDArray[np.float32]

    @property
    def digits(self) -> str:
        """Return the digits 0 to 9 of its text."""
        return "".join(c for c in self.text if c in "0123456789")

    @property
    def is_number(self) -> bool:
        """Whether it contains a number and nothing else."""
        return _NUMBER.fullmatch(self.text) is not None


def read_alto(path: Path) -> list[TranscribedLine]:
    """Read the lines of an ALTO file of any version, in its order. Raises InputError when it is none, or has a line without
    place."""
    try:
        data = path.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise InputError(f"{path} defines words of its own (<!DOCTYPE, <!ENTITY), which ALTO does not: nothing of it is read")
        root = ElementTree.fromstring(data)  # noqa: S314 - without entity definitions XML cannot expand without limit
    except (OSError, ElementTree.ParseError) as error:
        raise InputError(f"{path} is no ALTO file that can be read: {error}") from error
    return [_line(path, element) for element in root.iter() if _name(element) == "TextLine"]


def _line(path: Path, element: ElementTree.Element) -> TranscribedLine:
    text = " ".join(one.get("CONTENT", "") for one in element if _name(one) == "String")
    polygon = next((one for one in element.iter() if _name(one) == "Polygon"), None)
    try:
        if polygon is not None:
            points = np.array(polygon.get("POINTS", "").replace(",", " ").split(), np.float32).reshape(-1, 2)
        else:
            x, y, w, h = (float(element.get(name, "")) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
            points = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], np.float32)
        if len(points) < 3:
            raise ValueError("fewer than three corners")
    except ValueError as error:
        raise InputError(f"{path}: the line {element.get('ID', '')!r} does not say where it stands: {error}") from error
    return TranscribedLine(text.strip(), points)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
