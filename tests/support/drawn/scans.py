"""Small scans in every format, made on the spot: pictures by Pillow, and PDF files by hand so that they can be broken."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

PASSWORD_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def drawn(width: int = 60, height: int = 40) -> np.ndarray:
    """A light page on which each of the four corners can be told from the others; smooth enough for JPEG."""
    page = np.full((height, width), 230, np.uint8)
    page[: height // 4, : width // 4] = 20
    page[: height // 4, -width // 4 :] = 90
    page[-height // 4 :, : width // 4] = 150
    return page


def encoded(picture: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(body))
    return body + head + table + tail


def stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def image_object(picture: np.ndarray | bytes, entries: bytes = b"", size: tuple[int, int] | None = None) -> bytes:
    """An image: JPEG bytes, or grey pixels stored plainly; `size` is what it says of itself, if not the truth."""
    if isinstance(picture, bytes):
        width, height = size or Image.open(io.BytesIO(picture)).size
        entries += b" /Filter /DCTDecode"
    else:
        (height, width), picture = (size or picture.shape[::-1])[::-1], picture.tobytes()
    if b"/ColorSpace" not in entries and b"/ImageMask" not in entries:
        entries += b" /ColorSpace /DeviceGray"
    if b"/BitsPerComponent" not in entries:
        entries += b" /BitsPerComponent 8"
    return stream(b"/Type /XObject /Subtype /Image /Width %d /Height %d %s" % (width, height, entries), picture)


def scan_pdf(
    image: bytes,
    matrix: str = "60 0 0 40 0 0",
    box: str = "0 0 60 40",
    more: bytes = b"",
    page: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """A PDF of one page that shows `image` placed by `matrix`; `more` is drawn after it, `page` goes into the page's entries."""
    content = b"q %s cm /Scan Do Q %s" % (matrix.encode(), more)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    resources = b"/Resources << /XObject << /Scan 5 0 R >> /Font << /F 6 0 R >> >>"
    leaf = b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R %s %s >>" % (box.encode(), resources, page)
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return pdf(b"<< /Type /Catalog /Pages 2 0 R >>", pages, leaf, stream(b"", content), image, font, trailer=trailer)


def encrypted_pdf(jpeg: bytes, user_password: bytes) -> bytes:
    """A page of 60 x 40 points that shows a grey JPEG, encrypted by RC4 (revision 2, 40 bits)."""
    permissions, identity = (-4).to_bytes(4, "little", signed=True), bytes(range(16))
    padded = (user_password + PASSWORD_PADDING)[:32]
    owner = rc4(_md5((b"owner" + PASSWORD_PADDING)[:32])[:5], padded)
    key = _md5(padded + owner + permissions + identity)[:5]

    def locked(number: int, data: bytes) -> bytes:
        return rc4(_md5(key + number.to_bytes(3, "little") + bytes(2))[:10], data)

    leaf = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 60 40] /Contents 4 0 R /Resources << /XObject << /Scan 5 0 R >> >> >>"
    size = Image.open(io.BytesIO(jpeg)).size
    user = rc4(key, PASSWORD_PADDING)
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        leaf,
        stream(b"", locked(4, b"60 0 0 40 0 0 cm /Scan Do")),
        image_object(locked(5, jpeg), size=size),
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (owner.hex().encode(), user.hex().encode()),
        trailer=b"/Encrypt 6 0 R /ID [<%s> <%s>]" % ((identity.hex().encode(),) * 2),
    )


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def big_endian_bigtiff(pages: Sequence[np.ndarray], compression: str) -> bytes:
    """Pillow writes none: its strips, with directories of eight-byte offsets around them, most significant byte first."""
    body = b"MM\0+" + struct.pack(">HH", 8, 0) + b"\0" * 8
    link = 8
    for page in pages:
        with Image.open(io.BytesIO(encoded(page, "TIFF", compression=compression, strip_size=2000))) as image:
            raw, tags = image.fp.getvalue(), dict(image.tag_v2)
        starts, lengths = [], []
        for start, length in zip(tags[273], tags[279], strict=True):
            starts.append(len(body))
            lengths.append(length)
            body += raw[start : start + length]
        places = [len(body), len(body) + 8 * len(starts)]
        body += struct.pack(f">{2 * len(starts)}Q", *starts, *lengths)
        single = [(tag, 3, tags[tag]) for tag in (256, 257, 258, 259, 262, 277, 278) if tag in tags]
        entries = [
            (tag, kind, 1, struct.pack(">H6x", value if isinstance(value, int) else value[0])) for tag, kind, value in single
        ]
        arrays = zip((273, 279), places, (starts, lengths), strict=True)
        entries += [(tag, 16, len(of), struct.pack(">Q", place if len(of) > 1 else of[0])) for tag, place, of in arrays]
        body = body[:link] + struct.pack(">Q", len(body)) + body[link + 8 :]
        body += big_directory(sorted(entries), 0)
        link = len(body) - 8
    return body


def big_directory(entries: Iterable[tuple[int, int, int, bytes]], following: int) -> bytes:
    """A directory of a big-endian BigTIFF; entries: tag, type, count, value or place; following: place of the next one."""
    return (
        struct.pack(">Q", len(entries)) + b"".join(struct.pack(">HHQ8s", *one) for one in entries) + struct.pack(">Q", following)
    )
