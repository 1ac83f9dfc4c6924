"""Numbers with marks as archives write them, on drawn paper: none is accepted wrong, and most are right.

The pictures and their right values come from ../shared/cases. Two figures are asked for each kind: none of the accepted numbers
is wrong, and four of five are read as they are written. Our own networks read them alone, so that what is accepted is theirs;
ditto marks and signs are read with the second reader too, which takes a ditto mark for the number 11.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from digit_core.imaging.decode import decode_page
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.inference.second_reader import SecondReader
from digit_core.notation import interpret
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.readings import Reading, State
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits, find_strip
from digit_core.recognition.transcription.second_opinion import Second
from digit_core.records import PageDigits, PageFound, PageImage, PageRef
from tasks.adapters.registry.second_network import second_network

CASES = Path(__file__).parents[3] / "shared" / "cases"
POLICY = ReviewPolicy(audit_share=0.0)

RIGHT = 0.8
"""Share of the numbers that are to be read as they are written."""

Pair = tuple[str, Reading | None]
"""The right text, and the one reading that stands for it; None for none or several."""


@lru_cache(maxsize=1)
def networks() -> tuple[OnnxReader, OnnxRecogniser]:
    return OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped")


TABLES = ["dates", "fractions", "ditto", "temps_signed"]


def rows(name: str) -> list[dict[str, str]]:
    """Skips the test where the cases are not at hand."""
    path = CASES / name
    if not path.is_file():
        pytest.skip(f"needs {name}: ../shared/cases is not there")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def readings(name: str, find: Callable[[PageImage], PageDigits]) -> Sequence[Reading]:
    image = decode_page((CASES / name).read_bytes(), 0, DecodeLimits())
    digits = find(image)
    found = PageFound(PageRef(name, "", "ab" * 32), image.width, image.height, image.dpi, digits)
    return judge(found, networks()[1](digits.crops), POLICY).readings


def on_strip(image: PageImage) -> PageDigits:
    return find_strip(image, SegmentationParams(), networks()[0])


def on_page(image: PageImage) -> PageDigits:
    return find_digits(image, SegmentationParams(), networks()[0])


def single(found: Sequence[Reading]) -> Reading | None:
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=1)
def strips() -> tuple[Pair, ...]:
    return tuple((row["right_text"], single(readings(f"strips/{row['file']}", on_strip))) for row in rows("strips/right.csv"))


@lru_cache(maxsize=1)
def phantoms() -> tuple[Pair, ...]:
    return tuple(
        (row["right"], single(readings(f"phantom_point/{row['file']}", on_page))) for row in rows("phantom_point/right.csv")
    )


@lru_cache(maxsize=4)
def table(name: str) -> tuple[tuple[Pair, ...], tuple[Reading, ...]]:
    """The cells with their right texts, and all accepted readings that are not the only one of a cell that the truth names."""
    truth = rows(f"{name}.right.csv")
    left = list(readings(f"{name}.png", on_page))
    pairs = []
    for row in truth:
        own = [one for one in left if one.cell is not None and (one.cell.row, one.cell.column) == (row["row"], row["column"])]
        if len(own) == 1:
            left.remove(own[0])
        pairs.append((row["text"], single(own)))
    return tuple(pairs), tuple(one for one in left if one.state is State.ACCEPTED)


def is_right(text: str, reading: Reading) -> bool:
    return reading.text == text or (reading.value is not None and reading.value == interpret(text).value)


def accepted_wrong(pairs: Sequence[Pair]) -> Iterator[tuple[str, str]]:
    return ((text, one.text) for text, one in pairs if one and one.state is State.ACCEPTED and not is_right(text, one))


def share_right(pairs: Sequence[Pair]) -> float:
    return sum(one is not None and is_right(text, one) for text, one in pairs) / len(pairs)


def test_no_strip_with_a_mark_is_accepted_wrong() -> None:
    assert list(accepted_wrong(strips())) == []


def test_most_strips_with_marks_are_read_as_they_are_written() -> None:
    assert share_right(strips()) >= RIGHT


def test_no_point_is_seen_where_hardly_anything_shows_one() -> None:
    assert list(accepted_wrong(phantoms())) == []
    assert share_right(phantoms()) >= RIGHT


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_with_a_mark_is_accepted_wrong_nor_a_piece_of_one(name: str) -> None:
    pairs, pieces = table(name)

    assert list(accepted_wrong(pairs)) == []
    assert [one.text for one in pieces] == []


@pytest.mark.parametrize("name", TABLES)
def test_most_cells_with_marks_are_read_as_they_are_written(name: str) -> None:
    pairs, _ = table(name)

    assert share_right([pair for pair in pairs if pair[0] != '"']) >= RIGHT


@pytest.mark.parametrize("name", ["ditto", "temps_signed"])
def test_the_second_reader_has_no_mark_accepted_as_digits(name: str, tmp_path: Path) -> None:
    second = Second(SecondReader(second_network(tmp_path)))
    marked = {(row["row"], row["column"]): row for row in rows(f"{name}.right.csv") if not row["text"].isdigit()}

    found = readings(f"{name}.png", lambda image: find_digits(image, SegmentationParams(), networks()[0], (), second))

    accepted = {(one.cell.row, one.cell.column): one for one in found if one.cell and one.state is State.ACCEPTED}
    wrong = [
        (marked[place]["text"], one.text)
        for place, one in accepted.items()
        if place in marked and not is_right(marked[place]["text"], one)
    ]
    assert marked
    assert wrong == []
