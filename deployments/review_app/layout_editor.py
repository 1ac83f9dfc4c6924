"""View for drawing layouts: open a page of a form, draw and name boxes, try them on another page, save.

A layout is exchanged as JSON with the fields of its YAML file; every request is checked as a file would be.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from deployments.review_app.apart import received
from deployments.review_app.context import Context, ReviewContext
from deployments.review_app.decoding import OpenJob, open_file
from deployments.review_app.open_pages import NotOpenError, Opened
from deployments.review_app.strict_json import StrictRoute
from deployments.review_app.templating import render
from digit_core.errors import InputError, PageError
from digit_core.layouts.authoring import proposed_tables, relaid
from digit_core.layouts.placement import SURE
from digit_core.layouts.registration import fit
from digit_core.layouts.template import Grid, Layout
from digit_core.layouts.template_file import layout_fields, layout_from, layout_text, parse_layout
from digit_core.params import DecodeLimits
from tasks.adapters.layout_store import TakenError

router = APIRouter(route_class=StrictRoute)
TITLE, PATH = "Layouts", "/layouts"
API = "/api/layouts"

LIMITS = DecodeLimits(max_megapixels=100.0, max_megabytes=60.0)
_CACHED = {"Cache-Control": "private, max-age=3600"}
_GONE = "this page is no longer open: open it again"

Fields = dict[str, Any]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Drawn(_Asked):
    """A layout's fields, as in its file."""

    layout: Fields


class DrawnOn(Drawn):
    """A layout, and the page to fit it to."""

    page: str


class ToSave(Drawn):
    """A layout, and the version that it may replace."""

    replaces: str | None = None


@router.get(PATH)
def view(request: Request) -> Response:
    return render(request, "layouts.html")


@router.post(f"{API}/open")
async def open_page(request: Request, context: Context, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Fields:
    """Open a page of the image file in the body; return what there is to draw on, and the tables proposed from its rulings."""
    with context.apart.place():
        async with received(request) as file:
            return await run_in_threadpool(_open, file, page, context)


def _open(file: Path, page: int, context: ReviewContext) -> Fields:
    limits = replace(LIMITS, max_pages=context.limits.max_pages, render_dpi=context.limits.render_dpi)
    try:
        laid = context.apart.run(open_file, OpenJob(file, page - 1, replace(context.spec(), limits=limits)))
    except PageError as error:
        raise InputError(f"this page cannot be read: {error}") from error
    return _described(context.pages.add(laid))


def _described(opened: Opened) -> Fields:
    page = opened.page
    tables = proposed_tables(page)
    return {
        "id": opened.id,
        "pages": opened.count,
        "width": page.width,
        "height": page.height,
        "lines": {"horizontal": page.lines.horizontal, "vertical": page.lines.vertical},
        "tables": [_grid_fields(table) for table in tables],
    }


def _grid_fields(grid: Grid) -> Fields:
    axes = {name: {"names": axis.names, "edges": axis.edges} for name, axis in (("rows", grid.rows), ("columns", grid.columns))}
    return {"name": grid.name, **axes, "skip_rows": grid.skip_rows, "skip_columns": grid.skip_columns}


@router.get(f"{API}/picture/{{page_id}}")
def picture(page_id: str, context: Context) -> Response:
    return Response(_page(context, page_id).picture, media_type="image/jpeg", headers=_CACHED)


def _page(context: ReviewContext, page_id: str) -> Opened:
    try:
        return context.pages.get(page_id)
    except NotOpenError as error:
        raise InputError(_GONE) from error


@router.post(f"{API}/fit")
def fit_to(asked: DrawnOn, context: Context) -> Fields:
    """Fit the layout to the page: the corners of every cell, the agreement, and whether the fit is certain."""
    layout, page = layout_from(asked.layout), _page(context, asked.page).page
    found = fit(layout, page.maps)
    cells = [
        {"zone": place.zone, "row": place.row, "column": place.column, "corners": found.quad(area).round(1).tolist()}
        for place, area in found.cells().items()
    ]
    return {"cells": cells, "agreement": round(found.agreement, 3), "sure": found.sure, "needed": SURE, "doubt": found.doubt}


@router.post(f"{API}/relay")
def relay(asked: DrawnOn, context: Context) -> Fields:
    """Move the layout onto that page, which becomes its reference page."""
    return _layout_answer(relaid(layout_from(asked.layout), _page(context, asked.page).page))


@router.post(f"{API}/yaml")
def as_yaml(asked: Drawn) -> Fields:
    """Format the layout as its YAML file."""
    layout = layout_from(asked.layout)
    return {"yaml": layout_text(layout), "version": layout.version}


@router.post(f"{API}/parse")
async def parse(request: Request) -> Fields:
    """Parse the layout file in the body."""
    return await run_in_threadpool(_parse, await request.body())


def _parse(data: bytes) -> Fields:
    try:
        return _layout_answer(parse_layout(data.decode(), "this file"))
    except UnicodeDecodeError as error:
        raise InputError("this file is not a layout: it is not UTF-8 text") from error


def _layout_answer(layout: Layout) -> Fields:
    return {"layout": layout_fields(layout), "version": layout.version}


@router.get(f"{API}/saved")
def saved(context: Context) -> Fields:
    """List the saved layouts."""
    return {"layouts": [{"name": one.name, "version": one.version, "problem": one.problem} for one in context.layouts.all()]}


@router.get(f"{API}/saved/{{name}}")
def load(name: str, context: Context) -> Fields:
    return _layout_answer(context.layouts.load(name))


@router.post(f"{API}/save")
def save(asked: ToSave, context: Context) -> Response:
    """Save the layout under its name; 409 with the existing version if another layout has that name."""
    layout = layout_from(asked.layout)
    try:
        version = context.layouts.save(layout, asked.replaces)
    except TakenError as taken:
        return JSONResponse({"error": str(taken), "version": taken.version}, 409)
    return JSONResponse({"name": layout.name, "version": version})
