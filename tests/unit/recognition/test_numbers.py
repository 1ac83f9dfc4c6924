"""From characters to numbers: with readers that say what the test wants, and with the one that ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from digit_core.imaging.line_detection import line_maps
from digit_core.imaging.prepare import prepare
from digit_core.imaging.prepare_strip import prepare_strip
from digit_core.inference.network_spec import CLASSES, DIGITS, FULL, NetworkForm
from digit_core.inference.reader import Cells, Columns, OnnxReader
from digit_core.params import SegmentationParams
from digit_core.recognition.detector import strengthened
from digit_core.recognition.numbers import find_number, find_numbers
from digit_core.recognition.pipeline import find_strip
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.records import Grey, PageImage
from digit_core.synthesis.pen import draw_number, make_writer
from digit_core.synthesis.training_images import CharacterPlace
from digit_core.training.detector.network import DETECTED, NOTHING, OUTPUTS, cell_targets

PARAMS = SegmentationParams()
FINDS = NetworkForm(DETECTED)


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return OnnxReader()


def page_with(*numbers: tuple[str, int, int], height: float = 44, hand: int = 3) -> np.ndarray:
    page = np.full((700, 1200), 240, np.uint8)
    for text, x, y in numbers:
        ink, _ = draw_number(text, make_writer(hand), height, np.random.default_rng(0))
        h, w = ink.shape
        page[y : y + h, x : x + w] -= (ink * 0.85).astype(np.uint8)
    return page


def digits_of(found: FoundNumber) -> str:
    return "".join(str(i) for i in found.evidence[:, :10].argmax(axis=1))


def read(page: np.ndarray, reader: OnnxReader) -> list[str]:
    prepared = prepare(page, PARAMS)
    found = find_numbers(prepared, line_maps(prepared.darkness), reader, PARAMS)
    return [digits_of(one) for one in sorted(found, key=lambda one: (round(one.boxes[0, 1] / 60), one.boxes[0, 0]))]


def test_numbers_of_a_page_are_found_and_read(reader: OnnxReader) -> None:
    page = page_with(("358", 100, 100), ("2047", 500, 100), ("61", 100, 300), ("799", 800, 500))

    assert read(page, reader) == ["358", "2047", "61", "799"]


@pytest.mark.parametrize("height", [16, 30, 44, 90, 150])
def test_figures_are_read_at_whatever_size_they_were_scanned(reader: OnnxReader, height: float) -> None:
    assert read(page_with(("358", 100, 100), ("264", 650, 400), height=height), reader) == ["358", "264"]


def test_white_ink_on_black_is_read_too(reader: OnnxReader) -> None:
    assert read(~page_with(("358", 100, 100), ("264", 600, 400)), reader) == ["358", "264"]


def test_pencil_so_faint_that_it_is_hardly_seen_is_read(reader: OnnxReader) -> None:
    page = page_with(("358", 100, 100), ("264", 600, 400))
    faint = (240 - (240 - page.astype(np.float32)) * 0.25).astype(np.uint8)

    assert read(faint, reader) == ["358", "264"]


def test_a_long_line_is_no_one(reader: OnnxReader) -> None:
    page = page_with(("358", 100, 100))
    cv2.line(page, (700, 30), (700, 650), 60, 3)

    assert read(page, reader) == ["358"]


def test_the_digits_of_a_strip_are_one_number_whatever_their_gaps(reader: OnnxReader) -> None:
    strip = page_with(("3", 40, 20), ("5", 260, 20), ("8", 560, 20))[0:90, 0:700]

    found = find_number(prepare_strip(strip, PARAMS), reader)

    assert found is not None
    assert digits_of(found[1]) == "358"


def test_a_number_written_uphill_or_downhill_is_read_to_its_end(reader: OnnxReader) -> None:
    for slope in (-0.2, 0.2):
        page = page_with(*((digit, 60 + 70 * i, 200 + int(70 * i * slope)) for i, digit in enumerate("35826417")))

        found = find_number(prepare_strip(page[60:380, 0:700], PARAMS), reader)

        assert found is not None
        assert digits_of(found[1]) == "35826417"


def test_the_digits_of_a_slanting_line_lie_on_the_scan_where_they_were_written(reader: OnnxReader) -> None:
    page = page_with(*((digit, 60 + 70 * i, 100 + 18 * i) for i, digit in enumerate("358264")))

    (number,) = find_strip(PageImage(page[40:340, 0:700]), PARAMS, reader).numbers

    for i, box in enumerate(number.boxes):
        assert abs(box.x - (60 + 70 * i)) < 25
        assert abs(box.y - (60 + 18 * i)) < 25


def test_of_two_numbers_on_two_lines_of_a_strip_none_is_accepted(reader: OnnxReader) -> None:
    one, two = page_with(("358", 40, 20))[0:90, 0:300], page_with(("358", 40, 20), ("264", 40, 120))[0:190, 0:300]

    surely, doubtful = (find_strip(PageImage(strip), PARAMS, reader).numbers[0].certainty for strip in (one, two))

    assert doubtful <= 0.5 < surely


@dataclass
class Sees:
    """A reader for whom the same characters stand on every page, and the same digits in every strip."""

    page: Sequence[CharacterPlace]
    columns: str
    detector: NetworkForm = FINDS
    strips: NetworkForm = FULL

    def find(self, darkness: Grey) -> Cells:
        return self._cells(self.page, *darkness.shape)

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        return [self._columns(strip.shape[1]) for strip in strips]

    def _cells(self, places: Sequence[CharacterPlace], height: int, width: int) -> Cells:
        target = cell_targets(places, -(-height // 8) * 8, -(-width // 8) * 8)
        cells = np.zeros((*target.shape[:2], OUTPUTS), np.float32)
        np.put_along_axis(cells, target[..., :1].astype(int), 9.0, axis=2)
        cells[..., NOTHING + 1 : NOTHING + 5] = target[..., 1:5]
        cells[..., NOTHING + 5] = -6
        return cells

    def _columns(self, width: int) -> Columns:
        columns = np.full((width // 2, CLASSES), 1e-9)
        columns[:, 1 : DIGITS + 1] = 0.002
        columns[:, 0] = 1
        for i, digit in enumerate(self.columns):
            at = (i + 1) * len(columns) // (len(self.columns) + 1)
            columns[at, : DIGITS + 1] = 0.002
            columns[at, int(digit) + 1] = 1
        return columns / columns.sum(axis=1, keepdims=True)


def places(text: str, top: float = 8, height: float = 25, pitch: float = 18, left: float = 12) -> list[CharacterPlace]:
    return [CharacterPlace(c, left + pitch * i, top, left + pitch * i + 13, top + height, False) for i, c in enumerate(text)]


def found_by(reader: Sees) -> FoundNumber:
    page = prepare(np.full((120, 300), 240, np.uint8), PARAMS)
    (found,) = find_numbers(page, line_maps(page.darkness), reader, PARAMS)
    return found


def test_what_all_agree_on_is_certain() -> None:
    found = found_by(Sees(places("47", top=40), "47"))

    assert digits_of(found) == "47"
    assert found.certainty > 0.99
    assert found.evidence[:, :10].max(axis=1).min() > 0.9


def test_a_digit_that_only_the_columns_see_is_added_and_has_a_box_of_its_own() -> None:
    found = found_by(Sees(places("47", top=40), "417"))

    assert digits_of(found) == "417"
    assert (np.diff(found.boxes[:, 0]) > 0).all()
    assert len(found.boxes) == 3


def test_a_speck_beside_a_number_that_its_columns_hardly_see_is_left_out() -> None:
    sees = Sees(places("477", top=40), "47")
    every, two, three = sees._cells, sees._columns, Sees([], "477")._columns
    sees._columns = lambda width: two(width) * 0.6 + three(width) * 0.4  # type: ignore[method-assign]

    def doubted(characters: Sequence[CharacterPlace], height: int, width: int) -> Cells:
        cells, last = every(characters, height, width), every(characters[-1:], height, width)
        cells[last[..., 7] > 0, NOTHING] = 8.5
        return cells

    sees._cells = doubted  # type: ignore[method-assign]

    assert digits_of(found_by(sees)) == "47"


def test_a_number_whose_length_is_in_doubt_says_so() -> None:
    sees = Sees(places("47", top=40), "47")
    two, three = sees._columns, Sees([], "417")._columns
    sees._columns = lambda width: two(width) * 0.55 + three(width) * 0.45  # type: ignore[method-assign]

    assert 0.01 < found_by(sees).certainty < 0.9


def test_columns_say_by_how_much_they_rather_see_a_number_than_nothing() -> None:
    number, word = (found_by(Sees(places("47", top=40), columns)) for columns in ("47", ""))

    assert number.seen > 10
    assert word.seen < 0


def test_blank_paper_is_not_made_stronger() -> None:
    paper = np.random.default_rng(0).integers(0, 12, (40, 200)).astype(np.uint8)

    assert strengthened(paper) is paper
    assert strengthened((paper * 6).astype(np.uint8)).max() > 150


@pytest.mark.parametrize(("width", "slant", "pen"), [(50, 30, 6), (60, 30, 9), (80, 30, 3), (80, 30, 9)])
def test_a_lone_slanted_stroke_in_a_strip_is_a_one(width: int, slant: int, pen: int, reader: OnnxReader) -> None:
    strip = np.full((64, width), 200, np.uint8)
    cv2.line(strip, (width // 2 + slant // 2, 10), (width // 2 - slant // 2, 54), 60, pen, cv2.LINE_AA)

    found = find_number(prepare_strip(strip, PARAMS), reader)

    assert found is not None
    assert digits_of(found[1]) == "1"


def test_no_digit_is_found_in_a_strip_with_only_a_dash_a_ruling_or_nothing(reader: OnnxReader) -> None:
    for start, end in (((20, 32), (50, 32)), ((40, 0), (40, 63)), ((0, 0), (0, 0))):
        strip = np.full((64, 80), 200, np.uint8)
        cv2.line(strip, start, end, 90, 3, cv2.LINE_AA)

        assert find_number(prepare_strip(strip, PARAMS), reader) is None
