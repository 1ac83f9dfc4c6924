"""Opening a review queue where what it needs is not installed."""

from __future__ import annotations

import sys

import pytest

from digit_core.errors import QueueError
from tasks.adapters.review.queue import ReviewQueue


def test_a_queue_in_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(QueueError, match=r"needs psycopg: pip install 'archive-digits\[postgres\]'"):
        ReviewQueue("postgresql://clerk@db/review")
