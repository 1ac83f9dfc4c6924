"""Pages made to do harm: each gets its row, the pages beside them are read, and nothing lies where it should not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.faults import Place, make_place, slip
from tests.support.servers.object_stores import bucket_store

NAMES = (
    *("two\nlines.png", "esc\x1b[31mred.png", "right\u202eto left.png", "a\\..\\..\\up.png"),
    *("-rf.png", "'; DROP TABLE x;--.png", "%2e%2e.png"),
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """10,000 times larger in memory than on disk, and cheating about it: 60,000 x 60,000 pixels."""
    return png(60_000, 60_000, zlib.compress(bytes(50_000_000), 9))


def quiet_bomb() -> bytes:
    """A small picture whose data go on for 400 MB."""
    packer = zlib.compressobj(9)
    return png(100, 100, b"".join(packer.compress(bytes(10_000_000)) for _ in range(40)) + packer.flush())


def pdf(*objects: str) -> bytes:
    text, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(text))
        text += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF"
    return f"{text}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def page_loop() -> bytes:
    """A tree of pages that holds itself."""
    return pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] /Parent 2 0 R >>")


def form_loop() -> bytes:
    """A page that draws a form that draws itself, twice."""
    form = "/F Do /F Do"
    return pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 5 0 R /Resources << /XObject << /F 4 0 R >> >> >>",
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 4 0 R >> >> /Length {len(form)} >>"
        f"\nstream\n{form}\nendstream",
        "<< /Length 5 >>\nstream\n/F Do\nendstream",
    )


TAGS = (
    *((256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1)),
    *((262, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, 8), (279, 4, 1, 64)),
)
DIRECTORY = struct.pack("<H", len(TAGS)) + b"".join(struct.pack("<HHII", *tag) for tag in TAGS)
FIRST = 8 + 64  # after the header and the one strip of pixels that all directories share


def tiff(links: list[int]) -> bytes:
    """Directories one after the other, each with the place of the next."""
    return b"II*\0" + struct.pack("<I", FIRST) + bytes(64) + b"".join(DIRECTORY + struct.pack("<I", link) for link in links)


def endless_tiff() -> bytes:
    """A directory that points back to itself."""
    return tiff([FIRST])


def many_directories(count: int = 10_000) -> bytes:
    return tiff([FIRST + (len(DIRECTORY) + 4) * number for number in range(1, count)] + [0])


def polyglot() -> bytes:
    """A picture that is an archive and a PDF as well."""
    return slip(5) + page_loop() + b"PK\x05\x06" + bytes(18)


HOSTILE = {
    "bomb.png": (bomb, "quarantined"),
    "quiet bomb.png": (quiet_bomb, None),
    "thread.png": (lambda: cv2.imencode(".png", np.full((100_000, 1), 200, np.uint8))[1].tobytes(), "read"),
    "ribbon.png": (lambda: cv2.imencode(".png", np.full((1, 100_000), 200, np.uint8))[1].tobytes(), "read"),
    "loop.pdf": (page_loop, None),
    "form.pdf": (form_loop, None),
    "endless.tif": (endless_tiff, None),
    "directories.tif": (many_directories, "quarantined"),
    "polyglot.png": (polyglot, "read"),
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name, (make, _) in HOSTILE.items():
        (folder / name).write_bytes(make())
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(slip(number))
    return folder


def test_hostile_pages_get_a_row_each_and_the_pages_beside_them_are_read(hostile, place, served_home):
    here = make_place(place.folder / "here", hostile, served_home, DIGITS_PAGE_SECONDS="10", **place.environment)

    here.run_well("--max-failed", "1")

    rows = here.results.read("pages").to_pylist()
    states = {Path(row["file"]).name: row["state"] for row in rows}
    keys = [(row["file"], row["page"]) for row in rows]
    print({name: states.get(name) for name in HOSTILE})
    assert len(keys) == len(set(keys))
    assert set(states) == {*HOSTILE, *NAMES}
    assert {name: states[name] for name in NAMES} == dict.fromkeys(NAMES, "read")
    assert {name: states[name] for name, (_, state) in HOSTILE.items() if state} == {n: s for n, (_, s) in HOSTILE.items() if s}
    assert not set(here.words()) & {chr(code) for code in (*range(9), *range(14, 32))}
    assert not list((served_home / "spool").glob("*"))


def test_keys_that_climb_become_no_paths(place, served_home, no_aws_environment, request):
    store = bucket_store("moto", request.getfixturevalue("moto_server"))
    keys = ["../../up.png", "a/../../../etc/x.png", "/abs.png", "nul\x01.png", "x" * 900 + ".png"]
    for number, key in enumerate(keys):
        store.put(f"scans/{key}", slip(number))
    before = {path for path in place.folder.parent.rglob("*") if path.is_file()}
    here = Place(f"{store.base}/scans", str(place.folder / "out"), place.folder, served_home, place.environment, store.options)

    here.run_well()

    rows = here.results.read("pages").to_pylist()
    assert {row["file"].removeprefix(f"{store.base}/scans/") for row in rows} == set(keys)
    assert {row["state"] for row in rows} == {"read"}
    new = {path for path in place.folder.parent.rglob("*") if path.is_file()} - before
    assert {path for path in new if not path.is_relative_to(place.folder)} == set()
