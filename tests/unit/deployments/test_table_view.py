"""The view of a page beside its table: the totals of its layouts, on each page of a spread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deployments.review_app.apart import Apart
from deployments.review_app.app import create_app
from deployments.review_app.context import ReviewContext
from deployments.review_app.sessions import Sessions
from digit_core.layouts.template import Axis, Check, Grid, Layout, Rule
from digit_core.params import DecodeLimits
from digit_core.readings import PageRead, Reading, State
from digit_core.records import Box, Cell, CellState, Form, PageRef
from digit_core.spread import read_together
from tasks.adapters.layout_store import LayoutFolder
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NETWORKS, NetworkFiles
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tasks.reader_spec import ReaderSpec
from tests.support.results import publish
from tests.support.review.items import digit

REF = PageRef("/scans/spread.png", "1", "ab" * 32)
ROWS = ("1", "2", "Total")
GRID = Grid("rain", Axis(ROWS, (0, 1, 2, 3)), Axis(("Jan", "sum"), (0, 1, 2)))
CHECKS = (
    Check(Rule.TOTAL, ("1", "2"), "Total", "rain", only=("Jan",)),
    Check(Rule.RUNNING, ("Jan",), "sum", "rain", only=("1", "2")),
)
LAYOUT = Layout("form", 10, 10, grids=(GRID,), checks=CHECKS)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ReviewContext]:
    with closing(Apart(40.0, 700.0, most=2)) as apart, ReviewQueue(f"sqlite:///{tmp_path}/review.db") as queue:
        spec = ReaderSpec(NetworkFiles(*[ModelFile("1", one.shipped.onnx, "") for one in NETWORKS]))
        layouts = LayoutFolder(tmp_path / "layouts")
        layouts.save(LAYOUT, None)
        yield ReviewContext(queue, Storage(), DecodeLimits(), lambda: spec, layouts, Sessions(b"key" * 11, ""), apart)


def page(x: int) -> PageRead:
    """A page with a number in each cell of the layout, at x on its scan."""
    cells = [Cell("rain", place.row, place.column, CellState.NUMBER, Box(x, 0, 9, 9)) for place in LAYOUT.cells()]
    readings = tuple(Reading(0, Box(x, n, 9, 9), "5", 0.9, State.ACCEPTED, (), cell=cell) for n, cell in enumerate(cells))
    return PageRead(REF, 400, 300, 300.0, 0.0, readings, Form("form", "1", 0.9))


def totals_of(read: PageRead, context: ReviewContext, tmp_path: Path) -> list[tuple[str, list[list[str]], list[str]]]:
    publish(tmp_path / "results", read)
    context.queue.put([digit("n", collection=str(tmp_path / "results"), uri=REF.uri, page_index=0)], source="/scans")
    client = TestClient(
        create_app(context), base_url="http://127.0.0.1", headers={"x-digits-review": "1"}, follow_redirects=False
    )
    client.post("/enter", data={"name": "Ada"})
    asked = {"collection": str(tmp_path / "results"), "page": f"{REF.sha256}-0"}
    answer = client.post("/api/claim/table", params=asked).json()
    assert {one["grid"] for one in answer["totals"]} <= {grid["name"] for grid in answer["grids"]}
    return [(one["grid"], one["of"], one["into"]) for one in answer["totals"]]


TOTAL, RUNNING = ([["1", "Jan"], ["2", "Jan"]], ["Total", "Jan"]), ([["1", "sum"], ["2", "Jan"]], ["2", "sum"])


def test_a_page_has_the_totals_and_the_running_totals_of_its_layout(context: ReviewContext, tmp_path: Path) -> None:
    assert totals_of(page(0), context, tmp_path) == [("rain", *TOTAL), ("rain", *RUNNING)]


def test_each_page_of_a_spread_has_the_totals_of_its_own_table(context: ReviewContext, tmp_path: Path) -> None:
    spread = read_together(page(0), page(200), 190)

    assert totals_of(spread, context, tmp_path) == [
        (f"{side} rain", *what) for side in ("left", "right") for what in (TOTAL, RUNNING)
    ]
