"""What people settled becomes a number set that training accepts."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from digit_core.exports.page_content import PageContent
from digit_core.exports.searchable_pdf import PagePicture
from digit_core.exports.settled_numbers import held_back, settled_numbers, write_number_set, writer_of
from digit_core.training.number_sets import DEV, TRAIN, read_number_set
from tests.support.exported import number, page

PIXELS = np.full((300, 400), 230, np.uint8)
PIXELS[20:50, 10:70] = 40
PICTURE = PagePicture(cv2.imencode(".jpg", PIXELS)[1].tobytes(), 400, 300, 1)


def test_confirmed_and_corrected_numbers_are_rows_and_no_others() -> None:
    states = ("confirmed", "corrected", "accepted", "review", "unreadable")
    content = page(*(number(f"{i}.5", box=(10, 20 + 40 * i, 60, 30), state=state) for i, state in enumerate(states)))

    assert [row["text"] for row in settled_numbers(content, PICTURE)] == ["0.5", "1.5"]


def test_the_picture_shows_the_number_with_a_margin_and_ends_at_the_edge_of_the_page() -> None:
    (row,) = settled_numbers(page(number(box=(10, 20, 60, 30), state="confirmed")), PICTURE)

    pixels = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)  # type: ignore[call-overload]
    assert pixels.shape == (30 + 9 + 9, 10 + 60 + 18)
    assert pixels[24, 40] < 60 < 200 < pixels[2, 80]


def test_the_set_is_read_back_with_every_page_in_one_split(tmp_path: Path) -> None:
    pages = [
        PageContent(
            f"/scans/{i}.jpg",
            f"{i:064x}"[::-1],
            1,
            1,
            400,
            300,
            300.0,
            0.0,
            tuple(number(text, box=(10, 20, 60, 30), state="corrected") for text in ("12", "3,4")),
        )
        for i in range(40)
    ]

    held = held_back(writer_of(one) for one in pages)

    count = write_number_set(tmp_path / "numbers.parquet", (settled_numbers(one, PICTURE, held) for one in pages), "results")

    found = read_number_set(tmp_path / "numbers.parquet", learn=True)
    assert count == len(found.of(TRAIN)) + len(found.of(DEV)) == 80
    assert found.source == "results"
    assert 4 <= len(found.of(DEV)) <= 30
    assert not {row.writer for row in found.of(TRAIN)} & {row.writer for row in found.of(DEV)}


@pytest.mark.parametrize("pages", range(2, 30))
def test_some_pages_are_held_back_and_some_are_learned_from_however_few_there_are(pages: int) -> None:
    for of in range(20):
        writers = [f"{of}-{number}" for number in range(pages)]

        assert 0 < len(held_back(writers)) < pages


def test_a_single_page_is_learned_from() -> None:
    assert held_back(["page"]) == frozenset()


def test_pages_that_are_added_send_no_learned_page_to_the_held_ones() -> None:
    writers = [f"page {number}" for number in range(40)]

    for count in range(10, 40):
        before = set(writers[:count]) - held_back(writers[:count])
        assert not before & held_back(writers[: count + 1])
