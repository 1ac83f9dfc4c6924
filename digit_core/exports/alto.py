"""ALTO 4 (the Library of Congress' XML for text on scans): a block for each table and for each number outside of one.

A table is a ComposedBlock of TYPE "table" with a TextBlock for each cell that holds something. WC is the calibrated confidence
that the number is right, CS says that a person settled it, and TAGREFS names its state.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from digit_core.exports.page_content import NumberOnPage, PageContent, xml_text
from digit_core.imaging.rotation import quarters_of
from digit_core.readings import State
from digit_core.records import Box

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_BY_PEOPLE = {State.CONFIRMED, State.CORRECTED}


def alto(page: PageContent, made: datetime, version: str) -> bytes:
    """The page as ALTO 4.4 in UTF-8; made: when the export was made, with its time zone; version: of this program."""
    root = Element("alto", {"xmlns": NAMESPACE, "xmlns:xsi": _INSTANCE, "SCHEMAVERSION": "4.4"})
    root.set("xsi:schemaLocation", f"{NAMESPACE} {_SCHEMA}")
    _description(root, page, made, version)
    tags = _tags(root, page)
    sides = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
    body = SubElement(SubElement(root, "Layout"), "Page", {"ID": "page", "PHYSICAL_IMG_NR": str(page.number), **sides})
    if quarters := quarters_of(page.skew):
        body.set("ROTATION", str(360 - 90 * quarters))  # counted the other way round
    space = SubElement(body, "PrintSpace", {"HPOS": "0", "VPOS": "0", **sides})
    for at, cells in enumerate(page.grids().values()):
        around = _place(Box.around(cell.box for cell in cells))
        table = SubElement(space, "ComposedBlock", {"ID": f"t{at}", "TYPE": "table", **around})
        for number, cell in enumerate(cells):
            _block(table, f"t{at}c{number}", cell, tags)
    for at, one in enumerate(one for one in page.numbers if not one.in_grid):
        _block(space, f"n{at}", one, tags)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _description(root: Element, page: PageContent, made: datetime, version: str) -> None:
    description = SubElement(root, "Description")
    SubElement(description, "MeasurementUnit").text = "pixel"
    source = SubElement(description, "sourceImageInformation")
    SubElement(source, "fileName").text = xml_text(page.file_name)
    SubElement(source, "fileIdentifier").text = xml_text(page.uri)
    step = SubElement(description, "Processing", {"ID": "reading"})
    SubElement(step, "processingDateTime").text = made.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    software = SubElement(step, "processingSoftware")
    SubElement(software, "softwareName").text = "digits"
    SubElement(software, "softwareVersion").text = version


def _tags(root: Element, page: PageContent) -> Mapping[str, str]:
    """Writes a tag for each state that the page has; returns their ids."""
    states = [state for state in State if any(number.state == state for number in page.numbers)]
    if states:
        tags = SubElement(root, "Tags")
        for state in states:
            SubElement(tags, "OtherTag", {"ID": f"state-{state.name.lower()}", "TYPE": "state", "LABEL": state.value})
    return {state.value: f"state-{state.name.lower()}" for state in states}


def _block(parent: Element, name: str, number: NumberOnPage, tags: Mapping[str, str]) -> None:
    """Nothing of a cell in which nothing stands: a TextBlock has a line."""
    if not number.text:
        return
    place = _place(number.box)
    block = SubElement(parent, "TextBlock", {"ID": name, "TAGREFS": tags[number.state], **place})
    line = SubElement(block, "TextLine", {"ID": f"{name}l", **place})
    word = SubElement(line, "String", {"ID": f"{name}s", **place, "CONTENT": xml_text(number.text)})
    word.set("WC", f"{number.confidence:.4f}")
    if number.state in _BY_PEOPLE:
        word.set("CS", "true")


def _place(box: Box) -> dict[str, str]:
    return {"HPOS": str(box.x), "VPOS": str(box.y), "WIDTH": str(box.w), "HEIGHT": str(box.h)}
