"""What real scans cost, stage by stage, in processor time, and how many of their numbers are found.

    python -m tests.benchmarks.real_pages --scans FOLDER --ledgers FOLDER [--readings FILE]

--scans: scans with their truth, as `make accuracy` takes them; --ledgers: scans with an ALTO file beside each. Every scan is read
with and without the second reader. --readings: a file for all readings, to compare two versions of the program.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import cv2

from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import Cells, Columns, OnnxReader
from digit_core.inference.second_reader import SecondReader
from digit_core.readings import PageRead
from digit_core.recognition.pipeline import PageReader
from digit_core.recognition.transcription.second_opinion import Second, StripReader
from digit_core.records import Grey, PageRef
from tasks.adapters.registry.second_network import second_network
from tests.benchmarks.accuracy.counting import PageCase, Time, count_page
from tests.benchmarks.accuracy.counting import PageRead as PageCounted
from tests.benchmarks.accuracy.pages import pictures_in, transcribed
from tests.benchmarks.accuracy.readers import NumberRead, as_number
from tests.benchmarks.accuracy.running_text import ledger_cases
from tests.benchmarks.accuracy.running_text import score as ledger_score

DECODING, DETECTOR, STRIPS, SECOND = "decoding", "detector", "strip reader", "second reader"
STAGES = (DECODING, DETECTOR, STRIPS, SECOND)
"""The stages that are measured by themselves; the rest is preparation, rulings, scoring and judgement."""


@dataclass(slots=True)
class Clock:
    """Processor seconds by stage."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - start


class TimedReader(OnnxReader):
    """Detector and strip reader on a clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def find(self, darkness: Grey) -> Cells:
        with self._clock.stage(DETECTOR):
            return super().find(darkness)

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        with self._clock.stage(STRIPS):
            return super().read(strips)


@dataclass(frozen=True, slots=True)
class TimedSecond:
    """The second reader on a clock."""

    reader: StripReader
    clock: Clock

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        with self.clock.stage(SECOND):
            return self.reader.read(strips)

    def spell(self, strips: Sequence[Grey]) -> list[Columns]:
        """Read strips with letters."""
        with self.clock.stage(SECOND):
            return self.reader.spell(strips)


class Numbers(Protocol):
    """Tells how many numbers of a scan these readings have."""

    def __call__(self, read: Sequence[NumberRead]) -> int: ...


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan's file, how many numbers of it are transcribed, and how many of these are among readings."""

    file: Path
    numbers: int
    found: Numbers


def scans_with_truth(folder: Path) -> list[Scan]:
    """The scans of a folder that have a truth, as digit_core.evaluation.ground_truth reads it."""
    files = {file.stem: file for file in pictures_in(folder)}
    return [_with_truth(files[case.name], case) for case in transcribed(folder)]


def _with_truth(file: Path, case: PageCase) -> Scan:
    def found(read: Sequence[NumberRead]) -> int:
        return count_page(PageCounted.of(case, read, Time(0, 0))).found

    return Scan(file, count_page(PageCounted.of(case, (), Time(0, 0))).true, found)


def ledgers(folder: Path) -> list[Scan]:
    """The scans of a folder that have an ALTO file; numbers are those that stand alone on a line."""
    files = {file.stem: file for file in pictures_in(folder)}
    return [
        Scan(files[case.name], case.alone.total(), lambda read, case=case: ledger_score(case, read).found)
        for case in ledger_cases(folder)
    ]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a scan cost, processor seconds by stage, and what was read on it."""

    spent: Mapping[str, float]
    read: PageRead


def measured(scan: Scan, second: StripReader | None, classifier: OnnxRecogniser) -> Measured:
    """Read a scan once."""
    clock = Clock()
    reader = PageReader(TimedReader(clock), classifier, second=None if second is None else Second(TimedSecond(second, clock)))
    start = time.process_time()
    with clock.stage(DECODING):
        image = reader.decode(scan.file.read_bytes(), 0)
    read = reader.read(image, PageRef(scan.file.name, "", "ab" * 32))
    whole = time.process_time() - start
    return Measured({**clock.spent, "other": whole - sum(clock.spent.values()), "all": whole}, read)


def table(scans: Sequence[Scan], rows: Sequence[Measured]) -> str:
    """A line for each scan, and one for all."""
    names = ("all", *STAGES, "other")
    lines = [f"{'':32} {'numbers':>8} {'found':>6}" + "".join(f"{name:>15}" for name in names)]
    for scan, row in zip(scans, rows, strict=True):
        found = scan.found([as_number(one) for one in row.read.readings])
        spent = "".join(f"{row.spent.get(name, 0.0):15.2f}" for name in names)
        lines.append(f"{scan.file.stem[:32]:32} {scan.numbers:8} {found:6}{spent}")
    total = "".join(f"{sum(row.spent.get(name, 0.0) for row in rows):15.2f}" for name in names)
    return "\n".join([*lines, f"{'together':32} {'':8} {'':6}{total}"])


def main() -> None:
    parser = argparse.ArgumentParser(description="What real scans cost, in processor seconds.")
    parser.add_argument("--scans", type=Path, help="folder of scans with their truth")
    parser.add_argument("--ledgers", type=Path, help="folder of scans with an ALTO file beside each")
    parser.add_argument("--rounds", type=int, default=1, help="how often each scan is read; the least time counts")
    parser.add_argument("--readings", type=Path, help="file for all readings, as JSON")
    options = parser.parse_args()
    scans = [*(scans_with_truth(options.scans) if options.scans else []), *(ledgers(options.ledgers) if options.ledgers else [])]
    cv2.setNumThreads(1)
    classifier = OnnxRecogniser(SHIPPED_MODEL, "shipped")
    everything, seconds = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        network = SecondReader(second_network(Path(folder)))
    for name, second in (("without the second reader", None), ("with the second reader", network)):
        rows = [
            min((measured(scan, second, classifier) for _ in range(options.rounds)), key=lambda one: one.spent["all"])
            for scan in scans
        ]
        print(f"{name}, processor seconds", table(scans, rows), sep="\n", end="\n\n", flush=True)
        seconds[name] = sum(row.spent["all"] for row in rows)
        everything[name] = {scan.file.name: asdict(row.read) for scan, row in zip(scans, rows, strict=True)}
    print(json.dumps({f"{len(scans)} scans {name}, processor seconds": spent for name, spent in seconds.items()}))
    if options.readings:
        options.readings.write_text(json.dumps(everything, indent=1, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
