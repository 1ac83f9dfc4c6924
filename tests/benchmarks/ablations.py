"""What each part of reading, and of what is learned, is worth: `python tests/benchmarks/ablations.py stages` or `synthesis`.

A part is left out (without.py says how), and the rest sits the same exam: the strips of `make accuracy`, its scans and its pages
of print, of a seed of their own. `stages` needs no training; `synthesis` trains the reader anew for each part, in short.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "accuracy"))

from accuracy import DATA, read_pages, read_strips  # noqa: E402 - what measures stands in another folder
from counting import PageCase, PageRead, StripRead, calibration_error, count_page, digit_accuracy, error_among  # noqa: E402
from pages import printed_only, synthetic, transcribed  # noqa: E402
from readers import Ours, Reader  # noqa: E402
from report import percent, section  # noqa: E402
from strips import Strip, mnist_figures, write_strips  # noqa: E402
from without import STAGES, changed, wanted  # noqa: E402


@dataclass(frozen=True, slots=True)
class Exam:
    """What is read: strips, scans with truth, pages that the synthesis' rival pens wrote, and pages of print."""

    strips: list[Strip]
    scans: list[PageCase]
    written: list[PageCase]
    printed: list[PageCase]

    @staticmethod
    def of(options: argparse.Namespace) -> Exam:
        """Raises InputError where MNIST or the scans' truth cannot be read."""
        figures = mnist_figures(options.mnist)
        return Exam(
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
            f"{1000 * sum(read.time.cpu for read in self.strips) / len(self.strips):.0f}",
            f"{sum(read.time.cpu for read in self.scans) / len(self.scans):.1f}" if self.scans else "",
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
        "CPU ms a strip",
        "CPU s a scan",
    ]


def stages(exam: Exam, options: argparse.Namespace) -> Iterator[list[str]]:
    for name, changes in wanted(STAGES, options.only):
        with changed(changes):
            yield [name, *Score.of(Ours(), exam).cells()]


def measured(title: str, exam: Exam, rows: Iterator[list[str]], file: Path) -> None:
    """Writes the table anew after every row: what was measured is not lost when the time is over."""
    done: list[list[str]] = []
    file.parent.mkdir(exist_ok=True)
    for row in rows:
        done.append(row)
        file.write_text(f"{section(title, head(exam), done)}\n{when()}\n", encoding="utf-8")
        print(" | ".join(row), flush=True)
    print(f"the table is in {file}")


def when() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{datetime.now(UTC):%d %B %Y}, {cpu}, {len(os.sched_getaffinity(0))} cores"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What each part of reading, and of what is learned from, is worth.")
    parser.add_argument("part", choices=["stages", "synthesis"])
    parser.add_argument("--pages", type=Path, default=DATA / "pages", help="scans, with truth/ and printed_only/ in it")
    parser.add_argument("--mnist", type=Path, default=DATA / "mnist" / "mnist.npz", help="MNIST, as mnist.npz")
    parser.add_argument("--strips", type=int, default=600)
    parser.add_argument("--seed", type=int, default=4001, help="of strips and synthetic pages")
    parser.add_argument("--only", nargs="+", default=[], help="words: the variants that have one of them in their name")
    parser.add_argument("--chapters", type=int, default=4, help="synthesis: chapters of one training")
    parser.add_argument("--training-seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    exam = Exam.of(options)
    if options.part == "stages":
        rows = stages(exam, options)
    else:
        from learned import trained  # TensorFlow is needed for this alone

        rows = ([name, *Score.of(reader, exam).cells()] for name, reader in trained(options))
    measured(options.part, exam, rows, Path(f"bench/ablations-{options.part}.md"))


if __name__ == "__main__":
    main()
