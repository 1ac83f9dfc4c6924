"""Sign-in with a name, and a token where one is required. A wrong token costs a wait."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from deployments.review_app.context import Context, ReviewContext
from deployments.review_app.security import LONGEST_NAME, is_name, is_token, set_session
from deployments.review_app.templating import render

router = APIRouter()
log = logging.getLogger(__name__)

WAIT = 1.0
"""Seconds after a wrong token, during which the same address gets no further answer."""

MOST_WAITING = 5
"""Greatest number of waiting attempts of one address."""

_turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
_waiting: Counter[str] = Counter()


@router.get("/enter")
def ask(request: Request, context: Context) -> Response:
    return _asked(request, context, "", 200)


@router.post("/enter")
async def enter(request: Request, context: Context) -> Response:
    name, given = _fields(await request.body())
    if context.options.token and not await _is_right(request, given, context.options.token):
        return _asked(request, context, "Wrong token: ask the person who started the server.", 403)
    if not is_name(name):
        return _asked(request, context, f"A name has 1 to {LONGEST_NAME} letters and no comma.", 403)
    response = RedirectResponse("/", 303)
    known = await run_in_threadpool(context.queue.reviewers.known_as, name)
    set_session(response, context.sessions.issue(known), context.options.tls)
    return response


def _asked(request: Request, context: ReviewContext, problem: str, status: int) -> Response:
    asks_token = bool(context.options.token)
    response = render(request, "enter.html", token=asks_token, problem=problem, most=LONGEST_NAME)
    response.status_code = status
    return response


def _fields(body: bytes) -> tuple[str, str]:
    """Parse name and token. Raises HTTPException for a body that our form does not send."""
    try:
        form = parse_qs(body.decode(), max_num_fields=10)
    except ValueError as error:
        raise HTTPException(400, "this form is invalid: reload the page") from error
    name, token = (" ".join(form.get(field, [""])[0].split()) for field in ("name", "token"))
    return name, token


async def _is_right(request: Request, given: str, token: str) -> bool:
    address = request.client.host if request.client else ""
    async with _turn_of(address):
        if is_token(given, token):
            return True
        log.warning("a wrong token was sent from %s", address)
        await asyncio.sleep(WAIT)
        return False


@asynccontextmanager
async def _turn_of(address: str) -> AsyncIterator[None]:
    """Allow one attempt per address at a time. Raises HTTPException where many wait."""
    if _waiting[address] >= MOST_WAITING:
        raise HTTPException(429, "too many tries: wait a little")
    _waiting[address] += 1
    try:
        async with _turns[address]:
            yield
    finally:
        _waiting[address] -= 1
        if not _waiting[address]:
            del _waiting[address], _turns[address]
