"""Lines of a transcribed page, out of ALTO (the Library of Congress' XML for text on scans) or PAGE-XML (PRImA's, as Transkribus,
eScriptorium and OCR-D write it): where each stands, and its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError

_NUMBER = re.compile(r"[\d\s.,:;\-/]*\d[\d\s.,:;\-/]*", re.ASCII)
_INDEX = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class TranscribedLine:
    """text: as transcribed; outline (n, 2): x, y of the polygon around its ink, pixels of the scan from its upper left corner;
    name: its ID in the file; words: those of a line of several, where each has a place of its own.
    """

    text: str
    outline: NDArray[np.float32]
    name: str = ""
    words: tuple[TranscribedLine, ...] = ()

    @property
    def digits(self) -> str:
        """The digits 0 to 9 of its text."""
        return "".join(c for c in self.text if c in "0123456789")

    @property
    def is_number(self) -> bool:
        """Whether it holds a number and nothing else."""
        return _NUMBER.fullmatch(self.text) is not None


def read_transcription(path: Path) -> list[TranscribedLine]:
    """The lines of an ALTO or PAGE-XML file of any version, in its order. Raises InputError when it is neither, or has a line
    without place.
    """
    root = _root(path)
    parse = _PARSERS.get(_name(root))
    if parse is None:
        raise InputError(
            f"{path} is neither ALTO nor PAGE-XML: it begins with <{_name(root)[:40]}>; export the transcription as one"
        )
    return [_line(path, part) for part in parse(root)]


@dataclass(frozen=True, slots=True)
class _Part:
    """A line or word of either kind of file: its text, and how its place is found."""

    text: str
    element: Element
    outline: Callable[[Element], NDArray[np.float32]]
    words: tuple[_Part, ...] = ()


def _root(path: Path) -> Element:
    try:
        data = path.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise InputError(
                f"{path} defines words of its own (<!DOCTYPE, <!ENTITY), which ALTO and PAGE do not: nothing of it is read"
            )
        if b"\0" in data:  # UTF-16, in which such words would hide
            raise InputError(f"{path} is not in UTF-8: save it so")
        return ElementTree.fromstring(data)  # noqa: S314 - without such words XML cannot blow itself up
    except (OSError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise InputError(f"{path} is no ALTO or PAGE-XML file that can be read: {error}") from error


def _line(path: Path, part: _Part) -> TranscribedLine:
    name = part.element.get("ID") or part.element.get("id") or ""
    try:
        outline = part.outline(part.element)
        if len(outline) < 3 or not np.isfinite(outline).all():
            raise ValueError("fewer than three corners")
    except ValueError as error:
        raise InputError(f"{path}: the line {name!r} does not say where it stands: {error}") from error
    placed = len(part.words) > 1 and all(_has_place(word) for word in part.words)
    words = tuple(_line(path, word) for word in part.words) if placed else ()
    return TranscribedLine(part.text.strip(), outline, name, words)


def _has_place(part: _Part) -> bool:
    try:
        return len(part.outline(part.element)) >= 3
    except ValueError:
        return False


def _alto_lines(root: Element) -> Iterator[_Part]:
    for line in _all(root, "TextLine"):
        words = tuple(_Part(word.get("CONTENT", ""), word, _alto_outline) for word in line if _name(word) == "String")
        yield _Part(" ".join(word.text for word in words), line, _alto_outline, words)


def _alto_outline(element: Element) -> NDArray[np.float32]:
    polygon = next((one for shape in element if _name(shape) == "Shape" for one in _all(shape, "Polygon")), None)
    if polygon is not None:
        return _points(polygon.get("POINTS", ""))
    x, y, w, h = (float(element.get(name, "")) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    return np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], np.float32)


def _page_lines(root: Element) -> Iterator[_Part]:
    """A region or cell that has text and no lines counts as one."""
    for region in root.iter():
        if _name(region) == "TextLine":
            words = tuple(_Part(_page_text(word), word, _page_outline) for word in region if _name(word) == "Word")
            yield _Part(_page_text(region) or " ".join(word.text for word in words), region, _page_outline, words)
        elif _name(region) in ("TextRegion", "TableCell") and not any(_all(region, "TextLine")) and _page_text(region):
            yield _Part(_page_text(region), region, _page_outline)


def _page_text(element: Element) -> str:
    """Of several texts the first by their index."""
    texts = [one for one in element if _name(one) == "TextEquiv"]
    first = min(texts, key=lambda one: int(one.get("index", "")) if _INDEX.fullmatch(one.get("index", "")) else 0, default=None)
    if first is None:
        return ""
    words = {_name(one): one.text or "" for one in first}
    return words.get("Unicode") or words.get("PlainText") or ""


def _page_outline(element: Element) -> NDArray[np.float32]:
    coords = next((one for one in element if _name(one) == "Coords"), None)
    if coords is None:
        raise ValueError("it has no Coords")
    points = coords.get("points") or " ".join(f"{one.get('x')},{one.get('y')}" for one in _all(coords, "Point"))
    return _points(points)


def _points(text: str) -> NDArray[np.float32]:
    return np.array(text.replace(",", " ").split(), np.float32).reshape(-1, 2)


def _all(root: Element, name: str) -> Iterator[Element]:
    return (element for element in root.iter() if _name(element) == name)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


_PARSERS: dict[str, Callable[[Element], Iterator[_Part]]] = {"alto": _alto_lines, "PcGts": _page_lines}
