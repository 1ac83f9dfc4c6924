"""The manifest and its annotations: checked against rules of IIIF Presentation 3 and of W3C's Web Annotation Data Model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from digit_core.exports import iiif
from tests.support.exported import number, page, table

BASE = "https://archive.example/1901"
REQUIRED = {
    "Manifest": {"@context", "id", "label", "items"},
    "Canvas": {"id", "width", "height", "items"},
    "AnnotationPage": {"id"},
    "Annotation": {"id", "motivation", "body", "target"},
    "TextualBody": {"value"},
    "Image": {"id"},
}


def manifest(*canvases: dict[str, Any]) -> dict[str, Any]:
    return checked(json.loads("".join(iiif.manifest(canvases, BASE, "1901"))))


def checked(thing: dict[str, Any]) -> dict[str, Any]:
    """With what each type must have, ids that are addresses and stand for one thing each, and targets that are canvases."""
    things = list(nested(thing))
    for one in things:
        assert set(one) >= REQUIRED[one["type"]]
        assert one["type"] == "TextualBody" or one["id"].startswith("https://")
    ids = [one["id"] for one in things if one["type"] in ("Canvas", "Annotation")]
    assert len(ids) == len(set(ids))
    canvases = {one["id"] for one in things if one["type"] == "Canvas"}
    painted = [one for one in things if one.get("motivation") == "painting"]
    assert {one["target"] for one in painted} <= canvases
    return thing


def nested(thing: Any) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict) and "type" in thing:
        yield thing
    for part in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from nested(part)


def test_each_page_is_a_canvas_of_its_own_size_with_its_annotations() -> None:
    one, two = page(uri="/scans/a.jpg"), page(uri="/scans/b.jpg")

    found = manifest(iiif.canvas(one, BASE, "a"), iiif.canvas(two, BASE, "b"))

    assert [(canvas["width"], canvas["height"]) for canvas in found["items"]] == [(400, 300)] * 2
    assert [canvas["annotations"][0]["id"] for canvas in found["items"]] == [f"{BASE}/a.json", f"{BASE}/b.json"]


def test_a_collection_without_pages_gives_json() -> None:
    assert manifest()["items"] == []


def test_a_number_is_a_transcription_of_its_place_with_state_and_confidence() -> None:
    content = page(*table())

    found = checked(iiif.annotation_page(content, BASE, "a"))

    assert [one["motivation"] for one in found["items"]] == ["supplementing"] * 3
    second = found["items"][1]
    assert [body["value"] for body in second["body"]] == ["8", "review", "confidence 0.5000", "zone rain", "row 1", "column Feb"]
    assert second["target"] == f"{iiif.canvas_id(BASE, 'a')}#xywh=110,20,60,30"
    assert iiif.canvas(content, BASE, "a")["id"] == iiif.canvas_id(BASE, "a")


def test_a_picture_on_the_web_is_painted_from_there_and_others_from_the_folder() -> None:
    def painted(uri: str) -> str:
        (canvas,) = manifest(iiif.canvas(page(uri=uri), BASE, "a"))["items"]
        return str(canvas["items"][0]["items"][0]["body"]["id"])

    assert painted("https://scans.example/x/a.jpg") == "https://scans.example/x/a.jpg"
    assert painted("/scans/a b#c.jpg") == f"{BASE}/a%20b%23c.jpg"


def test_a_page_of_a_file_of_several_has_no_picture_of_the_whole_file() -> None:
    canvas = iiif.canvas(page(number(), uri="/scans/a.tif", at=2, count=3), BASE, "a-2")

    assert (canvas["items"], canvas["label"]) == ([], {"none": ["a.tif, page 2"]})
