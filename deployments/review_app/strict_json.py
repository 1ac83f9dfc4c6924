"""Strict JSON for requests: no NaN or infinity, no integers out of range; 400 for anything else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

_LONGEST = 18
"""Greatest number of digits of an integer."""


class StrictRequest(Request):
    """Request whose parsing errors FastAPI answers with 400."""

    async def json(self) -> Any:
        return json.loads(await self.body(), parse_constant=_none, parse_int=_whole, parse_float=_finite)


class StrictRoute(APIRoute):
    """Route class of every view."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


def _none(word: str) -> float:
    raise HTTPException(400, f"{word[:40]} is not a valid number here")


def _whole(text: str) -> int:
    return int(text) if len(text) <= _LONGEST else int(_none(text))


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _none(text)
