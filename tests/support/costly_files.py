"""Files that are small and cost much: each as bytes, made anew."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.support.drawn.scans import pdf, stream

_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</F 4 0 R>>>>/Contents 5 0 R>>"


def nested_forms(levels: int = 12, draws: int = 10) -> bytes:
    """A PDF of some 3 kB: each form draws the next one ten times."""
    forms = [_form(6 + level, draws) for level in range(1, levels)]
    last = stream(b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]", b"0 0 9 9 re f")
    return _one_page(b"/F Do", _form(6, draws), *forms, last)


def _form(following: int, draws: int) -> bytes:
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F %d 0 R>>>>" % following
    return stream(entries, b"/F Do " * draws)


def _one_page(content: bytes, *forms: bytes) -> bytes:
    head = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", _PAGE)
    return pdf(*head, forms[0], stream(b"", content), *forms[1:])


def packed_drawing(megabytes: int = 300) -> bytes:
    """A PDF whose page's content, a thousandth of it in the file, is so many megabytes of drawing."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"0 0 m 9 9 l S " * 71_430) for _ in range(megabytes)) + packer.flush()
    objects = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>"
    return pdf(*objects, page, stream(b"/Filter/FlateDecode", packed))


def much_paint(coats: int = 50_000) -> bytes:
    """A PDF whose page is painted over and over: it takes minutes, and hardly any memory."""
    objects = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</ExtGState<</G<</ca .5>>>>>>/Contents 4 0 R>>"
    coat = zlib.compress(b"/G gs " + b"0 0 m 595 0 l 595 842 l 9 800 l h f " * coats, 9)
    return pdf(*objects, page, stream(b"/Filter/FlateDecode", coat))


def many_chunks(count: int = 1_000_000) -> bytes:
    """A PNG of 12 MB with empty chunks before its picture."""
    plain = io.BytesIO()
    Image.new("L", (8, 8)).save(plain, "PNG")
    data, head = plain.getvalue(), 8 + 25
    empty = struct.pack(">I", 0) + b"teSt" + struct.pack(">I", zlib.crc32(b"teSt"))
    return data[:head] + empty * count + data[head:]


def empty_scans(count: int = 3_000, side: int = 8_000) -> bytes:
    """A progressive JPEG of 64 megapixels, each of whose empty scans is a walk over all of them."""
    plain = io.BytesIO()
    Image.fromarray(np.full((side, side), 250, np.uint8)).save(plain, "JPEG", progressive=True, quality=30)
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10"
    return plain.getvalue()[:-2] + scan * count + b"\xff\xd9"


COSTLY: dict[str, Callable[[], bytes]] = {
    "forms within forms.pdf": nested_forms,
    "packed drawing.pdf": packed_drawing,
    "many chunks.png": many_chunks,
    "empty scans.jpg": empty_scans,
}
