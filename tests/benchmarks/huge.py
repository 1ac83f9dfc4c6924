"""Memory for huge inputs: `python -m tests.benchmarks.huge pdf 50 200`, `… folder 50 200`, `… decode 100 1000`, or
`… tiff 20000 15000`.

Peak memory of the command and its worker processes together (Linux), for PDF files of so many pages, for folders of so many pages
in the mixed sizes of real scans, or for one TIFF of this width and height. A page has a few written numbers: it is about memory.
`decode` only decodes the pages of such PDF files, one by one as a worker process does, which takes far less time.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from digit_core.records import Grey
from digit_core.synthesis.pen import draw_number, make_writer
from tests.benchmarks.memory import peak_of
from tests.support.drawn.forms import put
from tests.support.drawn.scans import image_object, pdf, stream

DIGITS = Path(sys.executable).parent / "digits"
SIZES = ((2362, 3812), (2507, 4001), (2560, 3300), (2042, 1378), (4175, 6368), (2479, 3508), (2112, 2944), (2996, 4293))
"""Width and height of real scans, from 3 to 27 megapixels."""

A4 = (827, 1169)
NUMBERS = 6

DECODING = """
import sys
from pathlib import Path

from digit_core.imaging.decode import decode_page, probe
from digit_core.params import DecodeLimits

data = Path(sys.argv[1]).read_bytes()
for index in range(probe(data, DecodeLimits())):
    assert decode_page(data, index, DecodeLimits()).pixels.any()
"""


def page(width: int, height: int, number: int) -> Grey:
    """Paper with written numbers on it, other ones on every page."""
    rng = np.random.default_rng(number)
    tile = rng.normal(235, 2, (512, 512)).astype(np.uint8)
    paper = np.tile(tile, (-(-height // 512), -(-width // 512)))[:height, :width].copy()
    writer = make_writer(number)
    for _ in range(NUMBERS):
        ink, _ = draw_number(str(rng.integers(10, 99_999)), writer, 44, rng)
        put(paper, ink, int(rng.integers(0, width - ink.shape[1])), int(rng.integers(0, height - ink.shape[0])))
    return paper


def jpeg(picture: Grey) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=85)
    return file.getvalue()


def pdf_of(pages: int) -> bytes:
    """A PDF with a scan on every page, A4 at 100 dpi."""
    kids = b" ".join(b"%d 0 R" % (3 + 3 * number) for number in range(pages))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids)]
    for number in range(pages):
        first = 3 + 3 * number
        box = b"/MediaBox [0 0 595 842] /Resources << /XObject << /I %d 0 R >> >>" % (first + 2)
        objects += [
            b"<< /Type /Page /Parent 2 0 R %s /Contents %d 0 R >>" % (box, first + 1),
            stream(b"", b"q 595 0 0 842 0 0 cm /I Do Q"),
            image_object(jpeg(page(*A4, number))),
        ]
    return pdf(*objects)


def measure(what: str, command: list[str | Path], home: Path) -> None:
    """Run the command and print its peak memory and its time."""
    environment = {**os.environ, "DIGITS_HOME": str(home), "DIGITS_WORKERS": "2", "DIGITS_MAX_MEGAPIXELS": "400"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    peak = peak_of(process)
    facts = {"what": what, "peak_mib": round(peak / 2**20), "seconds": round(time.perf_counter() - start), "exit": process.wait()}
    print(json.dumps(facts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("pdf", "folder", "decode", "tiff"))
    parser.add_argument("numbers", type=int, nargs=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.kind == "tiff":
            file = folder / "huge.tif"
            Image.fromarray(page(*options.numbers, 1)).save(file, compression="tiff_lzw")
            measure(f"TIFF of {options.numbers[0]} x {options.numbers[1]} pixels", [DIGITS, "read", file], folder / "home")
            return
        for pages in options.numbers:
            scans = folder / str(pages)
            scans.mkdir()
            if options.kind != "folder":
                (scans / "scan.pdf").write_bytes(pdf_of(pages))
            for number in range(pages if options.kind == "folder" else 0):
                (scans / f"{number:05}.jpg").write_bytes(jpeg(page(*SIZES[number % len(SIZES)], number)))
            megabytes = sum(file.stat().st_size for file in scans.iterdir()) / 1e6
            if options.kind == "decode":
                command = [sys.executable, "-c", DECODING, scans / "scan.pdf"]
            else:
                command = [DIGITS, "digitise", scans, "--out", folder / f"out {pages}"]
            measure(f"{options.kind} of {pages} pages, {megabytes:.0f} MB", command, folder / "home")


if __name__ == "__main__":
    main()
