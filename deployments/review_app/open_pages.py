"""Pages that are open for drawing, kept in memory up to a limit."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from deployments.review_app.decoding import LaidOpen
from digit_core.layouts.authoring import LevelPage

MOST_OPEN = 16


class NotOpenError(Exception):
    """Access to a page that was dropped to make room for others, or before a restart of the server."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A page, one of `count` in its file, and its picture as JPEG, reduced if it is large."""

    id: str
    page: LevelPage
    count: int
    picture: bytes


class OpenPages:
    """The most recently used pages."""

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._pages: OrderedDict[str, Opened] = OrderedDict()
        self._most = most
        self._keeping = Lock()

    def add(self, laid: LaidOpen) -> Opened:
        """Keep the page, in place of the least recently used one."""
        opened = Opened(secrets.token_hex(16), laid.page, laid.count, laid.picture)
        with self._keeping:
            self._pages[opened.id] = opened
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)
        return opened

    def get(self, page_id: str) -> Opened:
        """Return the page. Raises NotOpenError."""
        with self._keeping:
            if page_id not in self._pages:
                raise NotOpenError
            self._pages.move_to_end(page_id)
            return self._pages[page_id]
