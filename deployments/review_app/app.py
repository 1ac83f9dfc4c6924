"""The review page as an ASGI application.

A view is a module with a `router`, a `TITLE` for the menu and its `PATH`. To add one, put it into VIEWS; its script and style are
files in `static/`, because the content security policy allows nothing inline.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from deployments.review_app import api, grid_view, images, layout_editor, login, number_view, playground, statistics, table_view
from deployments.review_app.apart import BusyError
from deployments.review_app.context import ReviewContext
from deployments.review_app.security import Guard, TooMuchError, busy, for_scripts, refuse
from deployments.review_app.templating import FOLDER, render
from digit_core.errors import DigitsError, InputError, QueueError

log = logging.getLogger(__name__)


class View(Protocol):
    """A page with its own entry in the menu."""

    @property
    def router(self) -> APIRouter: ...
    @property
    def TITLE(self) -> str: ...  # noqa: N802  a constant of a module
    @property
    def PATH(self) -> str: ...  # noqa: N802


VIEWS: tuple[View, ...] = (number_view, table_view, grid_view, statistics, layout_editor, playground)


def create_app(context: ReviewContext, views: Sequence[View] = VIEWS) -> FastAPI:
    """Create the application with these views in its menu; `/` redirects to the first."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = context
    app.state.views = [(view.TITLE, view.PATH) for view in views]
    for router in (login.router, api.router, images.router, *(view.router for view in views)):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    app.add_middleware(Guard, options=context.options, sessions=context.sessions)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)

    @app.get("/")
    def start() -> RedirectResponse:
        return RedirectResponse(views[0].PATH, 303)

    return app


async def _bad_request(_: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    fields = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in errors]
    return refuse(422, f"this request is invalid: {'; '.join(fields)[:300]}; reload the page")


async def _bad_value(_: Request, error: Exception) -> Response:
    return refuse(422, str(error))


async def _no_database(_: Request, error: Exception) -> Response:
    log.error("%s", error)  # errors may name paths of this machine, which reviewers must not see
    return refuse(503, "the review database does not answer; your decisions are kept in this browser and sent again")


async def _trouble(_: Request, error: Exception) -> Response:
    log.error("%s", error)
    return refuse(500, "the server failed; see its log")


async def _refused(request: Request, error: Exception) -> Response:
    if (
        isinstance(error, HTTPException)
        and error.status_code == 404
        and request.method == "GET"
        and not for_scripts(request.url.path)
    ):
        missing = render(request, "missing.html")
        missing.status_code = 404
        return missing
    return refuse(error.status_code, str(error.detail)) if isinstance(error, HTTPException) else refuse(500, "")


async def _too_much(_: Request, error: Exception) -> Response:
    return refuse(413, str(error))


async def _busy(_: Request, error: Exception) -> Response:
    return busy("the server is busy with other files: try again in a moment")


_HANDLERS = {
    RequestValidationError: _bad_request,
    InputError: _bad_value,
    QueueError: _no_database,
    DigitsError: _trouble,
    HTTPException: _refused,
    TooMuchError: _too_much,
    BusyError: _busy,
    Exception: _trouble,
}
