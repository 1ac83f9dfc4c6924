"""What each stage of reading is worth: `python -m tests.benchmarks.ablations`.

A stage is left out (without.py says how), and the rest sits the same exam: the strips of `make accuracy`, its scans and its pages
of print, of a seed of their own; with `--part collections` the real collections.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from digit_core.inference.reader import Cells, Columns, OnnxReader
from digit_core.records import Grey
from tests.benchmarks.accuracy.accuracy import DATA, read_pages, read_strips
from tests.benchmarks.accuracy.counting import (
    PageCase,
    PageRead,
    StripRead,
    calibration_error,
    count_page,
    digit_accuracy,
    error_among,
)
from tests.benchmarks.accuracy.pages import printed_only, synthetic, transcribed
from tests.benchmarks.accuracy.readers import Ours, Reader
from tests.benchmarks.accuracy.real_collections import Collection, collections_in
from tests.benchmarks.accuracy.report import percent, section
from tests.benchmarks.accuracy.strips import Strip, mnist_figures, write_strips
from tests.benchmarks.without import STAGES, STRIP_STAGES, changed, wanted

TITLES = {"stages": "What each stage of reading is worth", "collections": "What each stage is worth on real collections: exact"}


@dataclass(frozen=True, slots=True)
class Exam:
    """What is read: strips, scans with truth, pages that the synthesis' rival pens wrote, and pages of print."""

    seed: int
    strips: list[Strip]
    scans: list[PageCase]
    written: list[PageCase]
    printed: list[PageCase]

    @staticmethod
    def of(options: argparse.Namespace) -> Exam:
        """Raises InputError where MNIST or the scans' truth cannot be read."""
        figures = mnist_figures(options.mnist)
        return Exam(
            options.seed,
            write_strips(options.strips, options.seed, figures),
            transcribed(options.pages),
            synthetic(options.seed, 2, 2, figures),
            printed_only(options.pages),
        )


@dataclass(frozen=True, slots=True)
class Score:
    """How one reader did, row of a table."""

    strips: list[StripRead]
    scans: list[PageRead]
    written: list[PageRead]
    printed: list[PageRead]

    @staticmethod
    def of(reader: Reader, exam: Exam) -> Score:
        pages = (read_pages(reader, cases) for cases in (exam.scans, exam.written, exam.printed))
        return Score(read_strips(reader, exam.strips), *pages)

    def cells(self) -> list[str]:
        scans, written = ([count_page(read) for read in reads] for reads in (self.scans, self.written))
        return [
            percent(sum(read.exact for read in self.strips) / len(self.strips)),
            percent(digit_accuracy(self.strips)),
            percent(error_among(self.strips, 0.7)),
            f"{calibration_error(self.strips):.3f}",
            *(f"{count.found}" for count in scans),
            f"{sum(count.extra for count in scans)}",
            f"{sum(count.sure for count in scans)}: {sum(c.sure_misread for c in scans)} + {sum(c.sure_extra for c in scans)}",
            f"{sum(count.found for count in written)}",
            f"{sum(one.sure and not one.printed for read in self.printed for one in read.readings)}",
            f"{sum(one.sure for read in self.printed for one in read.readings)}",
        ]


def head(exam: Exam) -> list[str]:
    def of(case: PageCase) -> str:
        return f"{case.name.split('_')[0]}: of {sum(n.certain for n in case.truth.numbers) if case.truth else 0}"

    return [
        "",
        "strips exact",
        "digits right",
        "wrong of surest 70 %",
        "calibration error",
        *(of(case) for case in exam.scans),
        "extra",
        "sure: misread + extra",
        f"synthetic pages: of {sum(len(case.truth.numbers) for case in exam.written if case.truth)}",
        "print: sure hand",
        "print: sure",
    ]


class Remembering:
    """The reader that ships; what it was asked once it knows by heart, as most stages change what is made of its answers."""

    def __init__(self) -> None:
        self._reader = OnnxReader()
        self.detector, self.strips = self._reader.detector, self._reader.strips
        self._cells: dict[bytes, Cells] = {}
        self._answers: dict[bytes, list[Columns]] = {}

    def find(self, darkness: Grey) -> Cells:
        key = _key([darkness])
        if key not in self._cells:
            self._cells[key] = self._reader.find(darkness)
        return self._cells[key]

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        key = _key(strips)
        if key not in self._answers:
            self._answers[key] = self._reader.read(strips)
        return self._answers[key]


def _key(pictures: Sequence[Grey]) -> bytes:
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(str(picture.shape).encode())
        digest.update(np.ascontiguousarray(picture))
    return digest.digest()


def stages(exam: Exam, options: argparse.Namespace) -> Iterator[list[str]]:
    reader = Remembering()
    for name, changes in wanted(STAGES, options.only):
        with changed({**changes, "tests.benchmarks.accuracy.readers.OnnxReader": lambda: reader}):
            yield [name, *Score.of(Ours(alone=True), exam).cells()]


def on_collections(collections: Sequence[Collection], options: argparse.Namespace) -> Iterator[list[str]]:
    """A row for each variant of STAGES and STRIP_STAGES: the share of each collection that is read exactly, and the means."""
    reader = Remembering()
    for name, changes in wanted({**STAGES, **STRIP_STAGES}, options.only):
        with changed({**changes, "tests.benchmarks.accuracy.readers.OnnxReader": lambda: reader}):
            ours = Ours(alone=True)
            shares = [_exact(ours, one) for one in collections]
        unseen = [share for share, one in zip(shares, collections, strict=True) if one.unseen]
        yield [name, *map(percent, shares), percent(float(np.mean(unseen or [0.0])))]


def _exact(reader: Reader, one: Collection) -> float:
    return float(np.mean([reader.strip(pixels)[0] == digits for pixels, digits in zip(one.pixels, one.digits, strict=True)]))


def head_of(collections: Sequence[Collection]) -> list[str]:
    return ["", *(f"{one.name} *" if one.unseen else one.name for one in collections), "mean of *"]


def measured(title: str, head: list[str], seed: int, rows: Iterator[list[str]], file: Path) -> str:
    """The table in Markdown; written anew into `file` after every row, as what was measured must not be lost with the rest."""
    table, done = "", []
    file.parent.mkdir(exist_ok=True)
    for row in rows:
        done.append(row)
        table = f"{section(title, head, done)}\n{when()}; seed of the strips and synthetic pages {seed}.\n"
        file.write_text(table, encoding="utf-8")
        print(" | ".join(row), flush=True)
    return table


def put_into(page: Path, part: str, table: str) -> None:
    """Puts the table in the place of the one between the comments `<!-- part -->` and `<!-- end of part -->` of a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(f"<!-- {part} -->\n")
    _, end, after = rest.partition(f"<!-- end of {part} -->")
    if not end:
        raise SystemExit(f"ablations: {page} has no place for {part}: it needs <!-- {part} --> and <!-- end of {part} -->")
    page.write_text(f"{before}<!-- {part} -->\n{table}{end}{after}", encoding="utf-8")


def when() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{datetime.now(UTC):%d %B %Y}, {cpu}, {len(os.sched_getaffinity(0))} cores"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What each stage of reading is worth.")
    parser.add_argument("--pages", type=Path, default=DATA / "pages", help="scans, with truth/ and printed_only/ in it")
    parser.add_argument("--mnist", type=Path, default=DATA / "mnist" / "mnist.npz", help="MNIST, as mnist.npz")
    parser.add_argument("--real", type=Path, default=DATA / "real", help="number sets: real collections of handwriting")
    parser.add_argument("--numbers", type=int, default=150, help="numbers of each real collection, at most")
    parser.add_argument("--part", choices=list(TITLES), default="stages", help="what the variants read")
    parser.add_argument("--strips", type=int, default=600)
    parser.add_argument("--seed", type=int, default=4001, help="of strips and synthetic pages")
    parser.add_argument("--only", nargs="+", default=[], help="words: the variants that have one of them in their name")
    parser.add_argument("--into", type=Path, help="a page with a place for the table: docs/ablations.md")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    file = Path(f"bench/ablations-{options.part}.md")
    if options.part == "collections":
        collections = collections_in(options.real, options.numbers)
        table = measured(TITLES["collections"], head_of(collections), options.seed, on_collections(collections, options), file)
    else:
        exam = Exam.of(options)
        table = measured(TITLES["stages"], head(exam), exam.seed, stages(exam, options), file)
    if options.into:
        put_into(options.into, options.part, table)


if __name__ == "__main__":
    main()
