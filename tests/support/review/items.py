"""Review items and queues for tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digit_core.readings import ReviewItem
from digit_core.records import NOT_A_DIGIT, Box
from tasks.adapters.review.queue import ReviewQueue

HERE = "s3://results/parish"


@pytest.fixture(params=["sqlite", "postgresql"])
def review_url(request: pytest.FixtureRequest, tmp_path) -> str:
    """A new queue's URL, once on SQLite and once on a real PostgreSQL server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/folders/review.db"
    return str(request.getfixturevalue("postgres_url"))


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(review_url: str, clock: Clock) -> Iterator[ReviewQueue]:
    with ReviewQueue(review_url, clock=clock) as opened:
        yield opened


def digit(number: str, parts: str = "1975", place: int = 0, confidence: float = 0.5, **changes: object) -> ReviewItem:
    """The digit at `place` of the number called `number`, which the machine read as `parts` (- for what is no digit)."""
    guess = NOT_A_DIGIT if parts[place] == "-" else int(parts[place])
    other = (guess + 1) % 10
    values = {
        "item_id": f"{number}/{place}",
        "uri": "s3://scans/Mörike & Söhne/page 1.tif",
        "sha256": "ab" * 32,
        "page_index": 3,
        "number_id": number,
        "box": Box(10 + 30 * place, 20, 30, 40),
        "top": ((guess, confidence), (other, (1 - confidence) / 2), (other + 1, (1 - confidence) / 3)),
        "reason": "low confidence",
        "collection": HERE,
        "model_version": "1",
        "crop_png": b"\x89PNG\r\n\x00crop",
        "context_png": b"\x89PNG\r\n\x00context",
        "parts": tuple(part.replace("-", "") for part in parts),
        "place": place,
        "number_box": Box(10, 20, 30 * len(parts), 40),
        "mark": (0.25, 0.25, 0.125, 0.5),
        "ink": bytes(range(256)) * 3 + bytes(16),
    }
    return ReviewItem(**{**values, **changes})
