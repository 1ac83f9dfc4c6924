"""What ablations leave out is there, and is put back."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from digit_core.recognition import acceptance
from digit_core.synthesis.pen import draw_number, make_writer
from tests.benchmarks.ablations import Exam, Score, head, put_into
from tests.benchmarks.accuracy.counting import StripRead, Time
from tests.benchmarks.accuracy.readers import Ours
from tests.benchmarks.without import STAGES, STRIP_STAGES, changed, wanted


@pytest.mark.parametrize("target", sorted({target for part in (*STAGES.values(), *STRIP_STAGES.values()) for target in part}))
def test_what_is_left_out_is_there(target: str) -> None:
    assert pkgutil.resolve_name(target) is not None


@pytest.mark.parametrize("name", [*STAGES, *STRIP_STAGES])
def test_a_reader_without_a_stage_still_reads(name: str) -> None:
    ink, _ = draw_number("358", make_writer(3), 44, np.random.default_rng(0))
    paper = 240 - (cv2.copyMakeBorder(ink, 30, 30, 60, 60, cv2.BORDER_CONSTANT) * 0.8).astype(np.uint8)

    with changed({**STAGES, **STRIP_STAGES}[name]):
        reader = Ours(alone=True)
        digits, page = reader.strip(paper)[0], reader.page(paper)

    assert digits == "358"
    assert [one.digits for one in page] == ["358"]


def test_what_was_left_out_is_put_back() -> None:
    whole = acceptance.fusion_weights()

    with changed(STAGES["without the classifier"]):
        assert acceptance.fusion_weights().classifier == 0

    assert acceptance.fusion_weights() == whole
    assert whole.classifier > 0


def test_variants_are_chosen_by_words_of_their_names() -> None:
    assert [name for name, _ in wanted(STAGES, ["classifier"])] == ["without the classifier", "digits by the classifier alone"]
    with pytest.raises(SystemExit, match="nothing is named like teapot"):
        wanted(STAGES, ["teapot"])


def test_every_column_of_the_table_has_a_head() -> None:
    exam = Exam(1, [], [], [], [])
    cells = Score([StripRead("12", "12", 0.9, Time(0.1, 0.1))], [], [], []).cells()

    assert len(head(exam)) == 1 + len(cells)


def test_a_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- stages -->\nold\n<!-- end of stages -->\nafter\n")

    put_into(page, "stages", "new\n")

    assert page.read_text() == "Before\n<!-- stages -->\nnew\n<!-- end of stages -->\nafter\n"
    with pytest.raises(SystemExit, match="has no place for synthesis"):
        put_into(page, "synthesis", "new\n")
