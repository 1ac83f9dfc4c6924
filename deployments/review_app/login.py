"""Coming in: what one is called, and the token where one is asked for."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from deployments.review_app.context import Context
from deployments.review_app.security import LONGEST_NAME, NAME_COOKIE, TOKEN_COOKIE, cookie, is_name, is_token, session_of
from deployments.review_app.templating import render

router = APIRouter()


@router.get("/enter")
def ask(request: Request, context: Context) -> Response:
    return render(request, "enter.html", token=bool(context.options.token), problem="", most=LONGEST_NAME)


@router.post("/enter")
async def enter(request: Request, context: Context) -> Response:
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    name, given = (" ".join(form.get(field, [""])[0].split()) for field in ("name", "token"))
    problem = ""
    if context.options.token and not is_token(given, context.options.token):
        problem = "That is not the token: ask whoever started the page."
    elif not is_name(name):
        problem = f"A name has 1 to {LONGEST_NAME} letters and no comma."
    if problem:
        response: Response = render(request, "enter.html", token=bool(context.options.token), problem=problem, most=LONGEST_NAME)
        response.status_code = 403
        return response
    response = RedirectResponse("/", 303)
    cookie(response, NAME_COOKIE, name)
    if context.options.token:
        cookie(response, TOKEN_COOKIE, session_of(context.options.token))
    return response
