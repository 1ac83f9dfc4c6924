"""A batch unlike the collection so far leaves a warning and an event with Prefect, on a real server."""

import random
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from tests.support.faults import Place, make_place

PATIENCE = 60
"""Seconds in which the server has written down an event."""


def write_page(path: Path, signs: str, seed: int) -> None:
    """72 numbers of four digits out of `signs`, in a printed face."""
    draw = random.Random(f"{signs} {seed}")
    paper = np.full((1000, 1000), 235, np.uint8)
    for row in range(12):
        for column in range(6):
            number = "".join(draw.choice(signs) for _ in range(4))
            place = (30 + 160 * column, 60 + 78 * row)
            cv2.putText(paper, number, place, cv2.FONT_HERSHEY_SIMPLEX, 1.4, 40, 3, cv2.LINE_AA)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), paper)


@pytest.fixture
def place(tmp_path, served_home, prefect_server) -> Place:
    return make_place(tmp_path, tmp_path / "scans", served_home, **prefect_server.environment)


def artifacts(place: Place) -> list[dict]:
    asked = {"artifacts": {"key": {"any_": ["digits-drift"]}}}
    return httpx.post(f"{place.environment['PREFECT_API_URL']}/artifacts/filter", json=asked).raise_for_status().json()


def events(place: Place) -> list[dict]:
    """Those of this collection, once the server has written them down."""
    asked = {"filter": {"event": {"name": ["digits.drift"]}, "resource": {"id": [f"digits.collection.{place.out}"]}}}
    deadline = time.monotonic() + PATIENCE
    found: list[dict] = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.5)
        answer = httpx.post(f"{place.environment['PREFECT_API_URL']}/events/filter", json=asked).raise_for_status()
        found = answer.json()["events"]
    return found


def test_a_batch_of_ones_after_pages_of_all_digits_leaves_a_warning_and_an_event(place):
    for number in range(4):
        write_page(Path(place.source) / f"box 1/page {number}.png", "0123456789", number)
    place.run_well()
    before = len(artifacts(place))
    for number in range(4):
        write_page(Path(place.source) / f"box 2/page {number}.png", "1", number)

    place.run_well()

    warnings = artifacts(place)
    assert len(warnings) == before + 1
    newest = max(warnings, key=lambda one: one["created"])
    assert f"# Drift in {place.out}" in newest["data"]
    assert "digit shares against the collection so far" in newest["data"]
    assert "are a 1" in newest["data"]
    (event,) = events(place)
    assert any("are a 1" in words for words in event["payload"]["drift"])
