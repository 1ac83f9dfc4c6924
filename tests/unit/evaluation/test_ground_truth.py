"""What stands on a page, out of a transcription in ALTO or PAGE-XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from digit_core.errors import InputError
from digit_core.evaluation.ground_truth import read_truth
from digit_core.records import Box

LINE = '<TextLine ID="l{at}" HPOS="5" VPOS="{top}" WIDTH="30" HEIGHT="8"><String CONTENT="{text}"/></TextLine>'
REAL = Path(__file__).parents[4] / "shared" / "data" / "real" / "notary_pages"


def alto(path: Path, *texts: str) -> Path:
    lines = "".join(LINE.format(at=at, top=10 * at, text=text) for at, text in enumerate(texts))
    path.write_text(f'<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout>{lines}</Layout></alto>', encoding="utf-8")
    return path


def test_lines_that_hold_a_number_alone_are_the_numbers_of_the_page(tmp_path: Path) -> None:
    (page,) = read_truth(alto(tmp_path / "a.xml", "346", "Mai", "2.20"))

    assert (page.name, page.boxes) == ("a", True)
    assert [(number.digits, number.text, number.certain, number.box) for number in page.numbers] == [
        ("346", "346", True, Box(5, 0, 30, 8)),
        ("220", "2.20", True, Box(5, 20, 30, 8)),
    ]


def test_a_number_among_words_is_left_out_of_the_score(tmp_path: Path) -> None:
    (page,) = read_truth(alto(tmp_path / "a.xml", "13 (12 et)", "le 3²", "²"))

    assert [number.certain for number in page.numbers] == [False, False, False]


def test_a_folder_may_hold_both_kinds_of_files_and_pictures(tmp_path: Path) -> None:
    alto(tmp_path / "b.xml", "1")
    (tmp_path / "a.csv").write_text("row,column,text,digits,certain\n1,1,7,7,1\n")
    (tmp_path / "b.jpg").write_bytes(b"")

    assert [(page.name, page.boxes) for page in read_truth(tmp_path)] == [("a", False), ("b", True)]


def test_two_files_for_one_page_are_refused(tmp_path: Path) -> None:
    alto(tmp_path / "a.xml", "1")
    (tmp_path / "a.csv").write_text("row,column,text,digits,certain\n")

    with pytest.raises(InputError, match="two files have the true numbers of one page"):
        read_truth(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="no ../shared/data/real/notary_pages here")
def test_real_transcriptions_are_read() -> None:
    pages = read_truth(REAL)

    assert len(pages) == len(list(REAL.glob("*.xml")))
    assert all(page.boxes for page in pages)
    assert sum(number.certain for page in pages for number in page.numbers) > 50
