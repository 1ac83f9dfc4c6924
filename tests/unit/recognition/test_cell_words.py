"""Words in the cells of a form, with a second reader that spells what a test says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from digit_core.inference.network_spec import CLASSES
from digit_core.inference.reader import Columns, OnnxReader
from digit_core.inference.second_reader import SPELT
from digit_core.layouts.template import Holds, Mark
from digit_core.params import ReviewPolicy, SegmentationParams
from digit_core.readings import PageRead, Reading, State
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits
from digit_core.recognition.transcription.second_opinion import Second
from digit_core.records import CellState, Grey, PageFound, PageImage, PageRef
from tests.support.drawn.forms import DrawnForm

FORM = DrawnForm(height=1000, rows=(300, 420, 540, 660, 780, 900))
WORDS: Mapping[str, float | None] = {"nil": 0.0, "tr.": 0.5, "obs": None}


@dataclass
class Spells:
    """A second reader that knows no numbers, and sees one text in every strip that it is to spell."""

    text: str
    sure: float = 0.9999
    asked: list[Grey] = field(default_factory=list)

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        return [np.full((3, CLASSES), 1 / CLASSES) for _ in strips]

    def spell(self, strips: Sequence[Grey]) -> list[Columns]:
        self.asked += strips
        return [self._columns() for _ in strips]

    def _columns(self) -> Columns:
        columns = np.full((2 * len(self.text) + 1, 1 + len(SPELT)), 1e-6)
        columns[::2, 0] = 1.0
        for at, character in enumerate(self.text):
            columns[2 * at + 1, [SPELT.index(character) + 1, SPELT.index("x") + 1]] = self.sure, 1 - self.sure
        return columns / columns.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def page() -> Grey:
    """A form with one number, and a scrawl in the cell 3/3."""
    made = FORM.filled({("1", "1"): "358"})
    cv2.putText(made, "w%w", (455, 615), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.6, 60, 3)
    return made


def cells(page: Grey, second: Spells, holds: Holds) -> dict[tuple[str, str], Reading]:
    layout = FORM.layout(holds)
    digits = find_digits(PageImage(page), SegmentationParams(), OnnxReader(), (layout,), Second(second))
    undecided = np.full((len(digits.crops), 11), 1 / 11, np.float32)
    found = PageFound(PageRef("a.png", "v", "ab" * 32), page.shape[1], page.shape[0], 300.0, digits)
    read: PageRead = judge(found, undecided, ReviewPolicy(audit_share=0.0), (layout,))
    return {(one.cell.row, one.cell.column): one for one in read.readings if one.cell}


@pytest.mark.parametrize(("text", "value"), [("nil", 0.0), ("tr", 0.5), ("obs", None)])
def test_a_declared_word_that_is_sure_is_accepted_with_its_value(page: Grey, text: str, value: float | None) -> None:
    word = cells(page, Spells(text), Holds(words=WORDS, unit="mm"))["3", "3"]

    assert word.cell is not None
    assert (word.cell.state, word.text, word.kind, word.digits) == (CellState.WORD, text, "word", "")
    assert (word.state, word.value, word.unit) == (State.ACCEPTED, value, "mm")
    assert word.confidence > 0.97


def test_a_declared_word_that_is_only_likely_goes_to_a_person_with_what_it_may_be(page: Grey) -> None:
    word = cells(page, Spells("nil", sure=0.52), Holds(words=WORDS))["3", "3"]

    assert word.cell is not None
    assert (word.cell.state, word.digits, word.state) == (CellState.WORD, "", State.REVIEW)
    assert [part.reason for part in word.parts] == ["not read"]
    assert word.confidence < 0.97


@pytest.mark.parametrize("holds", [Holds(words=WORDS), Holds(marks=(Mark.WORD,)), Holds()])
def test_a_word_that_is_not_declared_is_a_word_and_no_number_and_goes_to_a_person(page: Grey, holds: Holds) -> None:
    word = cells(page, Spells("snow"), holds)["3", "3"]

    assert word.cell is not None
    assert (word.cell.state, word.text, word.digits, word.value) == (CellState.WORD, "", "", None)
    assert word.state is State.REVIEW


def test_blank_cells_are_not_asked_about(page: Grey) -> None:
    second = Spells("nil")

    found = cells(page, second, Holds(words=WORDS))

    assert found["5", "5"].cell is not None
    assert found["5", "5"].cell.state is CellState.BLANK
    assert len(second.asked) == 2  # the number and the scrawl


def test_a_number_stays_one_where_no_letters_are_seen(page: Grey) -> None:
    found = cells(page, Spells("358"), Holds(words=WORDS))

    assert found["1", "1"].digits == "358"
    assert found["3", "3"].cell is not None
    assert found["3", "3"].cell.state is not CellState.WORD
