"""The searchable PDF, read by PDFium: the picture is the scan's, and each text stands where its number does."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image

from digit_core.errors import PageError
from digit_core.exports.page_content import PageContent
from digit_core.exports.searchable_pdf import PagePicture, join_pdfs, page_picture, write_pdf
from digit_core.params import DecodeLimits
from tests.support.exported import number, page

LIMITS = DecodeLimits()


def scan(form: str = "JPEG", mode: str = "RGB", exif: Image.Exif | None = None) -> bytes:
    """400 x 300 pixels, black on the left."""
    image = Image.new("RGB", (400, 300), "white")
    image.paste("black", (0, 0, 200, 300))
    data = io.BytesIO()
    image.convert(mode).save(data, form, **({"exif": exif} if exif else {}))
    return data.getvalue()


def pdf_of(tmp_path: Path, content: PageContent, name: str = "page.pdf") -> Path:
    file = tmp_path / name
    write_pdf(content, page_picture(scan(), 0, LIMITS), file)
    return file


def test_the_text_is_in_the_rendering_mode_that_draws_nothing(tmp_path: Path) -> None:
    (sheet,) = pypdfium2.PdfDocument(pdf_of(tmp_path, page(number("9.5"))))

    (text,) = sheet.get_objects([pdfium.FPDF_PAGEOBJ_TEXT])

    assert pdfium.FPDFTextObj_GetTextRenderMode(text) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE


def test_each_text_is_found_in_the_box_of_its_number(tmp_path: Path) -> None:
    file = pdf_of(tmp_path, page(number("9.5", box=(10, 20, 60, 30)), number("18¾", box=(100, 200, 90, 40))))

    sheet = pypdfium2.PdfDocument(file)[0].get_textpage()

    assert sheet.get_text_range().split() == ["9.5", "18¾"]
    assert sheet.get_text_bounded(*points(10, 20, 70, 50)).strip() == "9.5"
    assert sheet.get_text_bounded(*points(100, 200, 190, 240)).strip() == "18¾"
    for at in range(3):
        left = sheet.get_charbox(at, loose=True)[0]  # how wide a letter is, a reader takes from a font of its own
        assert left == pytest.approx(points(10 + 20 * at, 20, 30, 50)[0], abs=0.5)


def points(left: int, top: int, right: int, bottom: int) -> tuple[float, float, float, float]:
    """A box in pixels of the page as PDF has it at 300 dots an inch: left, bottom, right, top."""
    scale = 72 / 300
    return left * scale, (300 - bottom) * scale, right * scale, (300 - top) * scale


@pytest.mark.parametrize(("skew", "box"), [(90.0, (50, 40, 30, 120)), (180.0, (50, 40, 120, 30)), (270.0, (50, 40, 30, 120))])
def test_on_a_page_that_lies_turned_text_runs_along_its_number(
    tmp_path: Path, skew: float, box: tuple[int, int, int, int]
) -> None:
    sheet = pypdfium2.PdfDocument(pdf_of(tmp_path, page(number("124", box=box), skew=skew)))[0].get_textpage()

    x, y, w, h = box
    left, bottom, right, top = points(x, y, x + w, y + h)
    boxes = [sheet.get_charbox(at, loose=True) for at in range(3)]
    middles = [((one[0] + one[2]) / 2, (one[1] + one[3]) / 2) for one in boxes]
    along = {90.0: (0, -1), 180.0: (-1, 0), 270.0: (0, 1)}[skew]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(middles)]
    assert all(step[0] * along[0] + step[1] * along[1] > 5 for step in steps)
    assert all(left - 2 < x < right + 2 and bottom - 2 < y < top + 2 for x, y in middles)


def test_nothing_of_the_text_is_seen(tmp_path: Path) -> None:
    bare, written = (
        pdf_of(tmp_path, page(*numbers), f"{len(numbers)}.pdf") for numbers in ((), (number("888", box=(10, 20, 380, 200)),))
    )

    pictures = [pypdfium2.PdfDocument(file)[0].render(scale=2).to_numpy() for file in (bare, written)]

    assert np.array_equal(*pictures)


def test_a_plain_jpeg_is_taken_over_as_it_is() -> None:
    data = scan()

    assert page_picture(data, 0, LIMITS) == PagePicture(data, 400, 300, 3)


@pytest.mark.parametrize("data", [scan("PNG"), scan(mode="CMYK"), scan("TIFF", "1")], ids=["png", "cmyk", "tiff"])
def test_any_other_scan_becomes_a_grey_jpeg(data: bytes) -> None:
    picture = page_picture(data, 0, LIMITS)

    pixels = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (picture.colours, pixels.shape) == (1, (300, 400))
    assert pixels[:, :190].mean() < 5
    assert pixels[:, 210:].mean() > 250


def test_a_jpeg_that_lies_turned_by_its_exif_data_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    picture = page_picture(scan(exif=exif), 0, LIMITS)

    assert (picture.width, picture.height, picture.colours) == (300, 400, 1)


def test_a_damaged_scan_has_no_picture() -> None:
    with pytest.raises(PageError):
        page_picture(scan()[:-200], 0, LIMITS)


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="400 x 300"):
        write_pdf(page(), PagePicture(b"", 300, 400, 1), tmp_path / "page.pdf")


def test_pages_are_joined_in_order(tmp_path: Path) -> None:
    parts = [pdf_of(tmp_path, page(number(text)), f"{text}.pdf") for text in ("1", "2", "3")]

    join_pdfs(parts, tmp_path / "all.pdf")

    whole = pypdfium2.PdfDocument(tmp_path / "all.pdf")
    assert [sheet.get_textpage().get_text_range().strip() for sheet in whole] == ["1", "2", "3"]
