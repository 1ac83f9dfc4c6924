"""A scan as a PDF that can be searched: the picture of the page, and over each number its text, which is not seen.

The text is drawn in rendering mode 3 (neither filled nor stroked, ISO 32000-1, 9.3.6) and stretched to its number's box, so that
a program that marks or copies text does so where the number stands. Its font is not embedded, since it is never drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from digit_core.errors import PageError
from digit_core.exports.page_content import NumberOnPage, PageContent
from digit_core.imaging.decode import decode_page
from digit_core.imaging.raster import plain_jpeg_colours
from digit_core.imaging.rotation import quarters_of
from digit_core.params import DecodeLimits

_POINTS_PER_INCH = 72.0
_USUAL_DPI = 300.0
_LONGEST_SIDE = 14_400.0  # points: more is not shown by many programs (ISO 32000-1, annex C)
_JPEG_QUALITY = 85
_EM = 0.5  # width of every letter of the font, in its size
_FONT = "/F1"
_COLOUR_SPACES = {1: Name.DeviceGray, 3: Name.DeviceRGB}
_SAME_AS_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as a JPEG of so many pixels and colours (1 or 3)."""

    jpeg: bytes
    width: int
    height: int
    colours: int


def page_picture(data: bytes, index: int, limits: DecodeLimits) -> PagePicture:
    """The picture of a page (from 0) of a scan: its own bytes where it is a plain upright JPEG, else its grey pixels as one.

    Raises PageError as `decode_page` does.
    """
    page = decode_page(data, index, limits)
    if colours := plain_jpeg_colours(data):
        return PagePicture(data, page.width, page.height, colours)
    _, jpeg = cv2.imencode(".jpg", page.pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return PagePicture(jpeg.tobytes(), page.width, page.height, 1)


def picture_or_error(job: tuple[Path, int, DecodeLimits]) -> PagePicture | PageError:
    """`page_picture` of a file, for a worker process: an error as a value, so that its reason is not lost."""
    file, index, limits = job
    try:
        return page_picture(file.read_bytes(), index, limits)
    except PageError as error:
        return error


def write_pdf(page: PageContent, picture: PagePicture, file: Path) -> None:
    """Write a PDF of this one page. Raises ValueError for a picture of another size."""
    if (picture.width, picture.height) != (page.width, page.height):
        raise ValueError(f"a page of {page.width} x {page.height} pixels has no picture of {picture.width} x {picture.height}")
    scale = _scale(page)
    with Pdf.new() as pdf:
        image = Stream(pdf, picture.jpeg)
        image.Type, image.Subtype = Name.XObject, Name.Image
        image.Width, image.Height, image.BitsPerComponent = picture.width, picture.height, 8
        image.ColorSpace, image.Filter = _COLOUR_SPACES[picture.colours], Name.DCTDecode
        resources = Dictionary(XObject=Dictionary(Im0=image), Font=Dictionary(F1=_font(pdf)))
        sheet = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, round(page.width * scale, 3), round(page.height * scale, 3)]),
            Resources=resources,
            Contents=Stream(pdf, _content(page, scale)),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(sheet)))
        pdf.save(file)


def join_pdfs(parts: Sequence[Path], file: Path) -> None:
    """Write the pages of all parts as one PDF; their pictures are copied from file to file."""
    with ExitStack() as stack, Pdf.new() as whole:
        for part in parts:
            whole.pages.extend(stack.enter_context(Pdf.open(part)).pages)
        whole.save(file)


def _scale(page: PageContent) -> float:
    """Points a pixel."""
    return min(_POINTS_PER_INCH / (page.dpi or _USUAL_DPI), _LONGEST_SIDE / max(page.width, page.height))


def _font(pdf: Pdf) -> pikepdf.Object:
    """A font of two-byte codes, each the UTF-16 of its character."""
    system = Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0)
    flags = 4 + 1  # symbolic, of one width
    described = pdf.make_indirect(
        Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name.Invisible,
            Flags=flags,
            FontBBox=Array([0, 0, 500, 1000]),
            ItalicAngle=0,
            Ascent=1000,
            Descent=0,
            CapHeight=1000,
            StemV=80,
        )
    )
    letters = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name.Invisible,
        CIDSystemInfo=system,
        FontDescriptor=described,
        DW=round(1000 * _EM),
        CIDToGIDMap=Name.Identity,
    )
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name.Invisible,
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(letters)]),
        ToUnicode=Stream(pdf, _SAME_AS_UNICODE),
    )
    return pdf.make_indirect(font)


def _content(page: PageContent, scale: float) -> bytes:
    width, height = page.width * scale, page.height * scale
    quarters = quarters_of(page.skew)
    lines = [f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Im0 Do Q", "BT 3 Tr"]
    lines += _texts(page.numbers, page.height, scale, quarters)
    return "\n".join([*lines, "ET"]).encode("ascii")


def _texts(numbers: Iterable[NumberOnPage], page_height: int, scale: float, quarters: int) -> Iterable[str]:
    """The operators that place each number's text: its lower left corner as it is read, its height, its width."""
    for number in numbers:
        code = "".join(letter if ord(letter) < 0x10000 else "\ufffd" for letter in number.text)
        if not code:
            continue
        box = number.box
        left, right, top, bottom = box.x * scale, box.right * scale, box.y * scale, box.bottom * scale
        foot = page_height * scale
        x, y = ((left, foot - bottom), (left, foot - top), (right, foot - top), (right, foot - bottom))[quarters]
        long, high = (box.w, box.h) if quarters % 2 == 0 else (box.h, box.w)
        size = high * scale
        stretch = 100 * long * scale / (size * _EM * len(code))
        cos, sin = round(math.cos(quarters * math.pi / 2)), round(math.sin(quarters * math.pi / 2))
        matrix = f"{cos} {-sin} {sin} {cos} {x:.3f} {y:.3f} Tm"
        yield f"{_FONT} {size:.3f} Tf {stretch:.3f} Tz {matrix} <{code.encode('utf-16-be', 'replace').hex()}> Tj"
