"""Words in cells on real pages: "tr" for a trace in a rainfall register, and the kinds of deeds in ledgers of notaries."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digit_core.evaluation.transcriptions import read_transcription
from digit_core.imaging.decode import decode_page
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.inference.second_reader import SecondReader
from digit_core.layouts.template_file import parse_layout
from digit_core.notation import letters_of
from digit_core.params import DecodeLimits
from digit_core.readings import Reading, State
from digit_core.recognition.pipeline import PageReader
from digit_core.recognition.transcription.second_opinion import Second
from digit_core.recognition.transcription.words import WordSeen, word_seen
from digit_core.records import CellState, Grey, PageRef
from tasks.adapters.registry.second_network import second_network

DATA = Path(__file__).parents[3] / "shared" / "data"
REGISTER = DATA / "pages" / "register_badworthy_1947.jpg"
LEDGERS = DATA / "real" / "notary_pages"
LAYOUT = Path(__file__).parents[1] / "layouts" / "rainfall-register.yaml"

TRACES = {
    *(("Jan", day) for day in ["24", "25", "26", "27"]),
    *(("Feb", day) for day in ["6", "15", "19", "22"]),
    *(("Mar", "8"), ("Apr", "4"), ("Apr", "14"), ("Apr", "15"), ("May", "29"), ("Jun", "15"), ("Jul", "3"), ("Aug", "20")),
    *(("Sep", "8"), ("Sep", "29"), ("Oct", "5"), ("Oct", "14"), ("Oct", "30"), ("Dec", "22")),
}
"""Cells of the register with "tr" in them, some with "snow" beneath, by eye."""

DEEDS = ("procuration", "mainlevée", "quittance", "prorogation", "dépôt", "vente", "décharge", "mariage", "notoriété")


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> SecondReader:
    return SecondReader(second_network(tmp_path_factory.mktemp("second")))


@pytest.fixture(scope="module")
def register(second: SecondReader) -> dict[tuple[str, str], Reading]:
    """The register read with "tr" declared as 0, by column and row."""
    if not REGISTER.is_file():
        pytest.skip("needs the scans of ../shared/data/pages")
    layout = parse_layout(LAYOUT.read_text("utf-8"))
    grids = tuple(replace(grid, holds=replace(grid.holds, words={"tr": 0.0, "nil": 0.0})) for grid in layout.grids)
    reader = PageReader(
        OnnxReader(),
        OnnxRecogniser(SHIPPED_MODEL, "shipped"),
        layouts=(replace(layout, grids=grids),),
        second=Second(second),
    )
    read = reader.read(decode_page(REGISTER.read_bytes(), 0, DecodeLimits()), PageRef("register", "", "ab" * 32))
    return {(one.cell.column, one.cell.row): one for one in read.readings if one.cell}


def test_no_trace_of_rain_is_accepted_as_a_number_and_most_are_told_as_words(
    register: dict[tuple[str, str], Reading],
) -> None:
    traces = [register[place] for place in TRACES]

    assert [one for one in traces if one.digits and one.state is State.ACCEPTED] == []
    assert sum(one.cell is not None and one.cell.state is CellState.WORD for one in traces) >= 12  # measured: 13 of 22


def test_numbers_of_the_register_stay_numbers(register: dict[tuple[str, str], Reading]) -> None:
    with (DATA / "pages" / "truth" / f"{REGISTER.stem}.csv").open(encoding="utf-8") as file:
        places = [(row["column"], row["row"]) for row in csv.DictReader(file)]
    states = [one.cell.state for place in places if (one := register.get(place)) is not None and one.cell is not None]

    assert len(states) > 190
    assert states.count(CellState.WORD) <= 2  # measured: 1, with a note in its cell


def lines() -> Iterator[tuple[str, Grey]]:
    """Lines of the ledgers that hold a single word or a number: their text, and their pixels."""
    for path in sorted(LEDGERS.glob("*.xml")):
        page = decode_page(path.with_suffix(".jpg").read_bytes(), 0, DecodeLimits()).pixels
        for line in read_transcription(path):
            if line.text.rstrip(".").isalpha() or line.text.isdecimal():
                (left, top), (right, bottom) = line.outline.min(axis=0), line.outline.max(axis=0)
                strip = page[max(0, int(top) - 3) : int(bottom) + 4, max(0, int(left) - 5) : int(right) + 6]
                if strip.size:
                    yield letters_of(line.text), np.ascontiguousarray(strip)


@pytest.fixture(scope="module")
def seen(second: SecondReader) -> list[tuple[str, WordSeen]]:
    if not LEDGERS.is_dir():
        pytest.skip("needs the ledgers of ../shared/data/real")
    return [(text, word_seen(second.spell([strip])[0], DEEDS)) for text, strip in lines()]


def test_deeds_that_are_declared_are_told_as_words_and_those_that_are_certain_are_right(
    seen: list[tuple[str, WordSeen]],
) -> None:
    deeds = [(text, one) for text, one in seen if text in DEEDS]
    certain = [(text, one.text) for text, one in deeds if one.probability >= 0.97]

    assert len(deeds) > 30
    assert sum(one.is_word for _, one in deeds) >= 0.95 * len(deeds)
    assert len(certain) >= 0.05 * len(deeds)
    assert [pair for pair in certain if pair[0] != pair[1]] == []


def test_no_other_word_and_no_number_is_certain_to_be_a_declared_one(seen: list[tuple[str, WordSeen]]) -> None:
    others = [(text, one) for text, one in seen if text not in DEEDS]
    numbers = [one for text, one in others if text.isdecimal()]

    assert len(numbers) > 100
    assert [text for text, one in others if one.probability >= 0.97] == []
    assert sum(one.is_word for one in numbers) <= 0.06 * len(numbers)
