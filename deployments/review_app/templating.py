"""Template rendering with the values that all views share; everything is escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deployments.review_app.context import ReviewContext

FOLDER = Path(__file__).parent
_templates = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)
_templates.filters["urlencode_one"] = lambda value: urlencode({"collection": value})


def render(request: Request, template: str, **values: Any) -> HTMLResponse:
    """Render the template with the menu's views and the reviewer's name."""
    views = request.app.state.views
    shown = {"views": views, "here": request.url.path, "reviewer": request.state.reviewer, "collection": "", "collections": []}
    return HTMLResponse(_templates.get_template(template).render({**shown, **values}))


def chosen(request: Request, context: ReviewContext) -> dict[str, Any]:
    """Return the collection in the query, by default the first with open items, and all collections."""
    names = context.queue.collections()
    wanted = request.query_params.get("collection", "")
    if wanted not in names:
        wanted = next((name for name in names if context.queue.counts(name).get("open")), names[0] if names else "")
    return {"collection": wanted, "collections": names}
