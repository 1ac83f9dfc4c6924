"""Our reading against RapidOCR's and Tesseract's, in one run: `make accuracy`, or `make accuracy ARGS="--strips 100"`.

What is counted: counting.py. Every reader gets the same grey pixels, one image at a time, one reader after another.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from digit_core.errors import DigitsError
from tests.benchmarks.accuracy import pictures, report
from tests.benchmarks.accuracy.counting import PageCase, PageRead, StripRead, Time
from tests.benchmarks.accuracy.install import PYTHON, language_data
from tests.benchmarks.accuracy.pages import printed_only, synthetic, transcribed
from tests.benchmarks.accuracy.readers import Grey, NotAvailable, Other, Ours, Reader
from tests.benchmarks.accuracy.real_collections import Collection, collections_in, collections_part
from tests.benchmarks.accuracy.running_text import LedgerCase, LedgerScore, ledger_cases, ledgers_part, score
from tests.benchmarks.accuracy.strips import Figures, Strip, mnist_figures, pen_figures, write_strips
from tests.benchmarks.accuracy.summary import summary

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"
Result = TypeVar("Result")

MOST_ERRORS = 60
"""Wrong strips that a picture shows."""


@dataclass(frozen=True)
class Exam:
    """Everything that is read, and what could not be had."""

    strips: list[Strip]
    synthetic: list[PageCase]
    transcribed: list[PageCase]
    printed: list[PageCase]
    running: list[LedgerCase]
    collections: list[Collection]
    notes: list[str]


def the_exam(options: argparse.Namespace) -> Exam:
    notes = []
    figures: Figures = pen_figures
    if options.mnist.is_file():
        figures = mnist_figures(options.mnist)
    else:
        notes.append(f"No MNIST at {options.mnist}: strips and forms are written by invented pens. Name it: MNIST=mnist.npz")
    scans = options.pages.is_dir()
    if not scans:
        notes.append(f"No transcribed pages at {options.pages}: only the synthetic parts ran. Name their folder: PAGES=folder")
    if not options.running.is_dir():
        notes.append(f"No ledgers with running text at {options.running}: name a folder of scans and ALTO files: --running")
    if not options.real.is_dir():
        notes.append(f"No number sets at {options.real}: name their folder: --real")
    return Exam(
        write_strips(options.strips, options.seed, figures),
        synthetic(options.seed, options.ledgers, options.forms, figures),
        transcribed(options.pages) if scans else [],
        printed_only(options.pages) if scans else [],
        ledger_cases(options.running),
        collections_in(options.real, options.numbers),
        notes,
    )


def the_readers(names: Sequence[str]) -> tuple[list[Reader], list[str]]:
    """The readers that can be had, and for each other one a note that says why not."""
    made: dict[str, Callable[[], Reader]] = {
        "ours": Ours,
        "RapidOCR": lambda: Other("RapidOCR", PYTHON),
        "Tesseract": lambda: Other("Tesseract", PYTHON, str(_data())),
    }
    readers, notes = [], []
    for name in names:
        try:
            readers.append(made[name]())
        except NotAvailable as reason:
            notes.append(f"{name}: not available: {reason}")
    return readers, notes


def _data() -> Path:
    folder = language_data()
    if folder is None:
        raise NotAvailable("there is no eng.traineddata; install Tesseract's English data, or name its folder by TESSDATA_PREFIX")
    return folder


def read_strips(reader: Reader, strips: Sequence[Strip]) -> list[StripRead]:
    reader.strip(strips[0].pixels)  # what a reader does once only is not timed
    reads = []
    for strip in strips:
        (digits, confidence), took = timed(reader, reader.strip, strip.pixels)
        reads.append(StripRead(strip.digits, digits, confidence, took))
    print(f"  {reader.name} read the strips", file=sys.stderr)
    return reads


def read_pages(reader: Reader, cases: Sequence[PageCase]) -> list[PageRead]:
    reads = []
    for case in cases:
        readings, took = timed(reader, reader.page, case.pixels)
        reads.append(PageRead.of(case, readings, took))
        print(f"  {reader.name} read {case.name}", file=sys.stderr)
    return reads


def read_ledgers(reader: Reader, cases: Sequence[LedgerCase]) -> LedgerScore:
    total = LedgerScore()
    for case in cases:
        total += score(case, reader.page(case.pixels))
        print(f"  {reader.name} read {case.name}", file=sys.stderr)
    return total


def timed(reader: Reader, read: Callable[[Grey], Result], pixels: Grey) -> tuple[Result, Time]:
    start, cpu = time.perf_counter(), reader.cpu_seconds()
    result = read(pixels)
    return result, Time(time.perf_counter() - start, reader.cpu_seconds() - cpu)


def measure(exam: Exam, readers: Sequence[Reader], out: Path) -> list[str]:
    """Lets every reader sit the exam; writes the pictures and returns the parts of the report."""
    strips = {reader.name: read_strips(reader, exam.strips) for reader in readers}
    scans, written, printed = (
        {reader.name: read_pages(reader, cases) for reader in readers}
        for cases in (exam.transcribed, exam.synthetic, exam.printed)
    )
    for name in strips:
        pictures.save(out, f"strips-{name.lower()}", pictures.strip_errors(exam.strips, strips, name, MOST_ERRORS))
    for pages in (scans, written, printed):
        draw_pages(pages, out, only_sure=pages is printed)
    parts = [summary(strips, scans, written, printed), report.strips_part(strips), report.lengths_part(strips)]
    parts += [report.mistakes_part(name, reads) for name, reads in strips.items()]
    parts += [report.pages_part("Transcribed scans", scans)] if exam.transcribed else []
    parts += [report.pages_part("Synthetic pages", written)] if exam.synthetic else []
    parts += [report.printed_part(printed)] if exam.printed else []
    parts += [_read_collections(exam.collections, readers)] if exam.collections else []
    parts += [ledgers_part({one.name: read_ledgers(one, exam.running) for one in readers})] if exam.running else []
    return parts


def _read_collections(collections: Sequence[Collection], readers: Sequence[Reader]) -> str:
    reads = {reader.name: {one.name: read_strips(reader, _strips(one)) for one in collections} for reader in readers}
    return collections_part(reads, [one.name for one in collections if one.unseen])


def _strips(collection: Collection) -> list[Strip]:
    return [Strip(*row) for row in zip(collection.pixels, collection.digits, strict=True)]


def draw_pages(pages: Mapping[str, Sequence[PageRead]], out: Path, only_sure: bool) -> None:
    for reads in zip(*pages.values(), strict=True):
        name = f"page-{reads[0].case.name.replace(' ', '-')}"
        pictures.save(out, name, pictures.page_errors(dict(zip(pages, reads, strict=True)), only_sure))


def heading(readers: Sequence[Reader], options: argparse.Namespace, notes: Sequence[str], seconds: float) -> str:
    lines = [
        "# Accuracy",
        "",
        f"- {datetime.now(UTC):%d %B %Y}, {_cpu()}, {len(os.sched_getaffinity(0))} cores, "
        f"load {os.getloadavg()[1]:.1f} over the last five minutes, {seconds / 60:.1f} minutes",
        f"- Python {platform.python_version()}; " + "; ".join(f"{reader.name}: {reader.version}" for reader in readers),
        f"- seed {options.seed}; how it is counted: tests/benchmarks/accuracy/counting.py",
        *[f"- {note}" for note in notes],
    ]
    return "\n".join([*lines, ""])


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Our reading against RapidOCR's and Tesseract's.")
    parser.add_argument("--pages", type=_path, default=DATA / "pages", help="scans, with truth/ and printed_only/ in it")
    parser.add_argument(
        "--running", type=_path, default=DATA / "real" / "notary_pages", help="ledgers with running text, with ALTO beside them"
    )
    parser.add_argument("--real", type=_path, default=DATA / "real", help="number sets: real collections of handwriting")
    parser.add_argument("--numbers", type=int, default=200, help="numbers of each real collection, at most")
    parser.add_argument("--mnist", type=_path, default=DATA / "mnist" / "mnist.npz", help="MNIST, as mnist.npz")
    parser.add_argument("--out", type=Path, default=ROOT / "accuracy")
    parser.add_argument("--strips", type=int, default=600)
    parser.add_argument("--ledgers", type=int, default=2, help="synthetic ledger pages")
    parser.add_argument("--forms", type=int, default=2, help="synthetic forms")
    parser.add_argument("--seed", type=int, default=4001, help="of all that is synthetic; nothing is tuned on it")
    parser.add_argument(
        "--readers", nargs="+", default=["ours", "RapidOCR", "Tesseract"], choices=["ours", "RapidOCR", "Tesseract"]
    )
    return parser.parse_args()


def _path(text: str) -> Path:
    """An empty word is no folder, not the one that we stand in."""
    return Path(text or "(none)")


def main() -> None:
    options, start = arguments(), time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.glob("errors-*.png"):
        old.unlink()
    try:
        exam = the_exam(options)
        readers, missing = the_readers(options.readers)
        with ExitStack() as stack:
            for reader in readers:
                stack.callback(reader.close)
            parts = measure(exam, readers, options.out)
    except (DigitsError, NotAvailable) as error:
        raise SystemExit(f"accuracy: {error}") from error
    notes = exam.notes + missing
    text = "\n".join([heading(readers, options, notes, time.perf_counter() - start), *parts])
    (options.out / "accuracy.md").write_text(text)
    print(text)
    print(f"also in {options.out}/accuracy.md; the errors as pictures beside it: errors-*.png")


if __name__ == "__main__":
    main()
