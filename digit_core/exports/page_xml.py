"""PAGE-XML, version 2019-07-15 (PRImA): what OCR-D, Transkribus and eScriptorium take.

A table is a TableRegion with a TextRegion for each cell, whose TableCellRole has its row and column from 0; a number outside of
tables is a TextRegion of its own. Text stands in a TextLine with its confidence. `custom` has the state, the kind and the names
of zone, row and column, in the form that Transkribus gives it: digits {state:review;}.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from digit_core.exports.page_content import NumberOnPage, PageContent, xml_text
from digit_core.records import Box
from digit_core.results.cell_text import ordered

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_RESERVED = str.maketrans({"\\": "\\u005c", ";": "\\u003b", ":": "\\u003a", "{": "\\u007b", "}": "\\u007d"})
"""What parts the words of `custom`, as Transkribus writes it within a value."""


def page_xml(page: PageContent, made: datetime) -> bytes:
    """The page as PAGE-XML in UTF-8; `made`: when the export was made, with its time zone."""
    root = Element("PcGts", {"xmlns": NAMESPACE, "xmlns:xsi": _INSTANCE})
    root.set("xsi:schemaLocation", f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd")
    moment = made.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    metadata = SubElement(root, "Metadata", {"externalRef": xml_text(page.uri)})
    for name, text in (("Creator", "digits"), ("Created", moment), ("LastChange", moment)):
        SubElement(metadata, name).text = text
    sides = {"imageWidth": str(page.width), "imageHeight": str(page.height)}
    facts = {"page": str(page.number), "sha256": page.sha256}
    body = SubElement(root, "Page", {"imageFilename": xml_text(page.file_name), **sides, "custom": _custom(facts)})
    _regions(body, page)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _regions(body: Element, page: PageContent) -> None:
    for at, (name, cells) in enumerate(page.grids().items()):
        _table(body, f"t{at}", name, cells, page)
    for at, number in enumerate(one for one in page.numbers if not one.in_grid):
        _region(body, f"n{at}", number, page)


def _table(body: Element, name: str, zone: str, cells: Sequence[NumberOnPage], page: PageContent) -> None:
    rows, columns = ordered([cell.row for cell in cells]), ordered([cell.column for cell in cells])
    counts = {"rows": str(len(rows)), "columns": str(len(columns))}
    table = SubElement(body, "TableRegion", {"id": name, "custom": _custom({"zone": zone}), **counts})
    _outline(table, Box.around(cell.box for cell in cells), page)
    for at, cell in enumerate(cells):
        region = _region(table, f"{name}c{at}", cell, page, (rows.index(cell.row), columns.index(cell.column)))
        region.set("type", "other")


def _region(parent: Element, name: str, number: NumberOnPage, page: PageContent, place: tuple[int, int] | None = None) -> Element:
    """place: its row and column in the table, from 0."""
    names = {"zone": number.zone, "row": number.row, "column": number.column, "cell": number.cell}
    facts = {"state": number.state, "kind": number.kind, **names, "id": number.number_id}
    region = SubElement(parent, "TextRegion", {"id": name, "custom": _custom(facts)})
    _outline(region, number.box, page)
    if place:
        role = SubElement(region, "Roles")
        SubElement(role, "TableCellRole", {"rowIndex": str(place[0]), "columnIndex": str(place[1])})
    if number.text:
        line = SubElement(region, "TextLine", {"id": f"{name}l"})
        _outline(line, number.box, page)
        equivalent = SubElement(line, "TextEquiv", {"conf": f"{number.confidence:.4f}"})
        SubElement(equivalent, "Unicode").text = xml_text(number.text)
    return region


def _outline(parent: Element, box: Box, page: PageContent) -> None:
    """Points on the page: PAGE has none outside of it."""
    left, right = (min(max(0, x), page.width - 1) for x in (box.x, box.right - 1))
    top, bottom = (min(max(0, y), page.height - 1) for y in (box.y, box.bottom - 1))
    SubElement(parent, "Coords", {"points": f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"})


def _custom(facts: dict[str, str]) -> str:
    return "digits {" + " ".join(f"{name}:{xml_text(text).translate(_RESERVED)};" for name, text in facts.items() if text) + "}"
