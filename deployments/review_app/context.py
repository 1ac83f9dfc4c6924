"""Shared objects of the views: queue, storage, reader settings, page options."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request

from deployments.review_app.apart import Apart
from deployments.review_app.open_pages import OpenPages
from deployments.review_app.sessions import Sessions
from digit_core.params import DecodeLimits
from tasks.adapters.layout_store import LayoutFolder
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tasks.reader_spec import ReaderSpec

Result = TypeVar("Result")


@dataclass(frozen=True)
class ReviewOptions:
    """Options of the page.

    `token`: what reviewers must enter, "" if the page is for this machine only. `hosts`: host names under which the page may be
    called ("*" for any). `lease`: seconds for which digits are lent. `tls`: browsers reach the page by https. `sources`: places
    from which scans may be read; if empty, the collections' own sources.
    """

    token: str = field(default="", repr=False)
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    lease: float = 600.0
    batch: int = 20
    carpet_from: float = 0.7
    carpet_size: int = 40
    tls: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReviewContext:
    """Context of the views.

    `spec` says how pages are read; its networks are loaded at first use. `layouts`: the folder of drawn layouts; `pages`: pages
    open for drawing; `apart`: the decoding process.
    """

    queue: ReviewQueue
    storage: Storage
    limits: DecodeLimits
    spec: Callable[[], ReaderSpec]
    layouts: LayoutFolder
    sessions: Sessions
    apart: Apart
    options: ReviewOptions = ReviewOptions()
    pages: OpenPages = field(default_factory=OpenPages)


async def _context(request: Request) -> ReviewContext:  # a plain function would be called in a thread, for each request
    return cast(ReviewContext, request.app.state.context)


async def _reviewer(request: Request) -> str:
    return str(request.state.reviewer)


Context = Annotated[ReviewContext, Depends(_context)]
Reviewer = Annotated[str, Depends(_reviewer)]


async def written(context: ReviewContext, job: Callable[[], Result]) -> Result:
    """Await a call of the queue that writes, without a thread that waits. Raises the error of the call."""
    return await asyncio.wrap_future(context.queue.soon(job))
