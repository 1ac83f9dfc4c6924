"""IIIF Presentation 3: a manifest with a canvas for each page, and beside it the page's numbers as W3C web annotations.

Addresses are made of `base`, where the folder will be served. A canvas has the size of its scan, and boxes are the scan's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from digit_core.exports.page_content import NumberOnPage, PageContent

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
MANIFEST = "manifest.json"


def canvas_id(base: str, name: str) -> str:
    """The address of a page's canvas; `name`: of its annotations' file, without .json."""
    return f"{base}/canvas/{quote(name)}"


def annotation_page(page: PageContent, base: str, name: str) -> dict[str, Any]:
    """The numbers of a page as an AnnotationPage that stands at BASE/NAME.json; blank cells are left out."""
    address = _address(base, name)
    items = [
        _annotation(number, f"{address}#{at}", canvas_id(base, name)) for at, number in enumerate(page.numbers) if number.text
    ]
    return {"@context": CONTEXT, "id": address, "type": "AnnotationPage", "items": items}


def _annotation(number: NumberOnPage, name: str, canvas: str) -> dict[str, Any]:
    box = number.box
    words = [number.state, f"confidence {number.confidence:.4f}", *(f"{key} {text}" for key, text in _cell(number) if text)]
    tags = [{"type": "TextualBody", "purpose": "tagging", "value": word} for word in words]
    text = {"type": "TextualBody", "format": "text/plain", "value": number.text}
    target = f"{canvas}#xywh={max(0, box.x)},{max(0, box.y)},{box.w},{box.h}"
    return {"id": name, "type": "Annotation", "motivation": "supplementing", "body": [text, *tags], "target": target}


def _cell(number: NumberOnPage) -> tuple[tuple[str, str], ...]:
    return ("zone", number.zone), ("row", number.row), ("column", number.column)


def manifest(canvases: Iterable[dict[str, Any]], base: str, label: str) -> Iterator[str]:
    """The manifest's JSON in pieces, each canvas written as it comes."""
    head = {"@context": CONTEXT, "id": f"{base}/{MANIFEST}", "type": "Manifest", "label": {"none": [label]}}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "items": [\n'
    for at, canvas in enumerate(canvases):
        yield (",\n" if at else "") + json.dumps(canvas, ensure_ascii=False)
    yield "\n]}\n"


def canvas(page: PageContent, base: str, name: str) -> dict[str, Any]:
    """A page in the manifest. The picture of a scan that is on the web, or in the folder that is served, is painted on it; of a
    file of several pages none, since no address leads to one of them.
    """
    address = canvas_id(base, name)
    label = page.file_name if page.count == 1 else f"{page.file_name}, page {page.number}"
    return {
        "id": address,
        "type": "Canvas",
        "label": {"none": [label]},
        "width": page.width,
        "height": page.height,
        "items": [_painting(page, base, address)] if page.count == 1 else [],
        "annotations": [{"id": _address(base, name), "type": "AnnotationPage"}],
    }


def _painting(page: PageContent, base: str, address: str) -> dict[str, Any]:
    on_web = page.uri.startswith(("https://", "http://"))
    image = page.uri if on_web else f"{base}/{quote(page.file_name)}"
    body = {"id": image, "type": "Image", "width": page.width, "height": page.height}
    painted = {"id": f"{address}/picture", "type": "Annotation", "motivation": "painting", "body": body, "target": address}
    return {"id": f"{address}/page", "type": "AnnotationPage", "items": [painted]}


def _address(base: str, name: str) -> str:
    return f"{base}/{quote(name)}.json"
