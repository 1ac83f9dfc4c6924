"""How fast, how big, how soon: `make bench`, or in short `make bench ARGS="--pages 20 --pairs 1 --memory 10 40"`.

Speeds are given as ratios, because machines differ; what is compared runs in turn, and medians count. The times are
those of whole commands. "Without start-up" takes off what the same command needs for a single page.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.ledgers import draw_pages, draw_strip, multiply
from tests.benchmarks.memory import peak_of

DIGITS = Path(sys.executable).parent / "digits"
RESULTS = Path("bench/results.json")
RERUN_MEASURES = 3


@dataclass(frozen=True)
class Run:
    """One finished command: its wall-clock seconds and, if it was watched, its peak memory in bytes."""

    seconds: float
    peak: int = 0


class Bench:
    """A folder to work in, and how commands are run there."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.folder, self.options = folder, options
        self.environment = {**os.environ, "DIGITS_HOME": str(folder / "home"), "DIGITS_WORKERS": str(options.processes)}
        self.log = folder / "log"

    def run(self, *command: str | Path, watched: bool = False) -> Run:
        """Runs a command to its end, with its words in a file, and shows them if it fails."""
        with self.log.open("wb") as log:
            start = time.perf_counter()
            process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            peak = peak_of(process) if watched else 0
            code = process.wait()
            seconds = time.perf_counter() - start
        if code:
            raise SystemExit(f"{' '.join(map(str, command))} ended with {code}:\n{self.log.read_text()[-3000:]}")
        return Run(seconds, peak)

    def digitise(self, scans: Path, *, watched: bool = False, anew: bool = True) -> Run:
        out = self.folder / f"out of {scans.name}"
        if anew and out.exists():
            shutil.rmtree(out)
        return self.run(DIGITS, "digitise", scans, "--out", out, watched=watched)

    def floor(self, scans: Path) -> Run:
        return self.run(sys.executable, "-m", "tests.benchmarks.floor", scans, str(self.options.processes))

    def pages(self, count: int) -> Path:
        """A folder of `count` pages, no two the same file."""
        folder = self.folder / f"{count} pages"
        if not folder.exists():
            multiply(self.drawn, folder, count)
        return folder

    @cached_property
    def drawn(self) -> list[bytes]:
        return draw_pages(self.options.drawn)


def against_the_floor(bench: Bench) -> dict[str, float]:
    """Floor, one page and all pages in turn, as often as asked."""
    count = bench.options.pages
    one, many = bench.pages(1), bench.pages(count)
    bench.digitise(one)  # registers the model, fills the file caches
    rounds = [
        (bench.floor(many).seconds, bench.digitise(one).seconds, bench.digitise(many).seconds) for _ in range(bench.options.pairs)
    ]
    return {
        "pages": count,
        "floor_pages_per_s": median(count / floor for floor, _, _ in rounds),
        "flow_pages_per_s": median(count / all_ for _, _, all_ in rounds),
        "flow_pages_per_s_without_start_up": median((count - 1) / (all_ - one) for _, one, all_ in rounds),
        "flow_to_floor": median(floor / all_ for floor, _, all_ in rounds),
        "flow_to_floor_without_start_up": median(floor * (count - 1) / count / (all_ - one) for floor, one, all_ in rounds),
        "one_page_s": median(one for _, one, _ in rounds),
    }


def second_run(bench: Bench) -> dict[str, float]:
    """A run over pages that have not changed since the one before."""
    many = bench.pages(bench.options.pages)
    first = bench.digitise(many).seconds
    again = median(bench.digitise(many, anew=False).seconds for _ in range(RERUN_MEASURES))
    return {"first_s": first, "second_s": again, "first_to_second": first / again}


def peak_memory(bench: Bench) -> dict[str, float]:
    """Peak memory over few and over many pages, and what the many cost for each page more."""
    few, many = bench.options.memory
    small, big = (bench.digitise(bench.pages(count), watched=True) for count in (few, many))
    return {
        "few_pages": few,
        "many_pages": many,
        "few_mib": small.peak / 2**20,
        "many_mib": big.peak / 2**20,
        "many_to_few": big.peak / small.peak,
        "pages_per_s_between": (many - few) / (big.seconds - small.seconds),
    }


def classifiers(bench: Bench) -> dict[str, float]:
    """Digits a second: ours on ONNX Runtime, the same network by Keras' predict, in turn and each in its own process."""
    measured: dict[str, list[dict[str, float]]] = {"onnx": [], "keras": []}
    for _ in range(bench.options.pairs):
        for runtime, results in measured.items():
            bench.run(sys.executable, "-m", "tests.benchmarks.classifiers", runtime)
            results.append(json.loads(bench.log.read_text().splitlines()[-1]))
    speed = {
        (runtime, kind): median(one[kind] for one in measured[runtime]) for runtime in measured for kind in ("single", "batched")
    }
    return {
        "onnx_batched": speed["onnx", "batched"],
        "onnx_single": speed["onnx", "single"],
        "keras_batched": speed["keras", "batched"],
        "keras_single": speed["keras", "single"],
        "batched_to_keras_batched": speed["onnx", "batched"] / speed["keras", "batched"],
        "batched_to_keras_single": speed["onnx", "batched"] / speed["keras", "single"],
    }


def layouts(bench: Bench) -> dict[str, float]:
    """Full pages of large grids, read with their layout and without one, in turn in one process."""
    bench.run(sys.executable, "-m", "tests.benchmarks.layouts", "--pairs", str(bench.options.pairs))
    return dict(json.loads(bench.log.read_text().splitlines()[-1]))


def real_scans(bench: Bench) -> dict[str, float]:
    """Processor seconds of real scans, where folders of them are given; by scan and stage they are told on the way."""
    folders = [(name, getattr(bench.options, name)) for name in ("scans", "ledgers")]
    given = [word for name, folder in folders if folder for word in (f"--{name}", folder)]
    if not given:
        print("real scans: none given (--scans FOLDER, --ledgers FOLDER)", file=sys.stderr)
        return {}
    bench.run(sys.executable, "-m", "tests.benchmarks.real_pages", *given)
    *tables, last = bench.log.read_text().splitlines()
    print("\n".join(tables))
    return dict(json.loads(last))


def other_readers(bench: Bench) -> dict[str, float]:
    """Processor seconds of real scans by RapidOCR and Tesseract beside ours, where folders of them are given."""
    folders = [folder for folder in (bench.options.scans, bench.options.ledgers) if folder]
    if not folders:
        print("other readers: no real scans given (--scans FOLDER, --ledgers FOLDER)", file=sys.stderr)
        return {}
    bench.run(sys.executable, "-m", "tests.benchmarks.other_readers", *folders)
    *lines, last = bench.log.read_text().splitlines()
    print("\n".join(lines))
    return dict(json.loads(last))


def start_up(bench: Bench) -> dict[str, float]:
    """Seconds until the smallest thing is done."""
    strip = bench.folder / "strip.png"
    strip.write_bytes(draw_strip())
    commands = {"help_s": ["--help"], "read_one_strip_s": ["read", "--strip", str(strip)]}
    return {name: median(bench.run(DIGITS, *words).seconds for _ in range(3)) for name, words in commands.items()}


PARTS = {
    "scans": real_scans,
    "others": other_readers,
    "floor": against_the_floor,
    "second": second_run,
    "classifier": classifiers,
    "layout": layouts,
    "start": start_up,
    "memory": peak_memory,
}


def show(part: str, values: dict[str, float]) -> None:
    table = Table(part, "")
    for name, value in values.items():
        table.add_row(name.replace("_", " "), f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.2f}")
    Console().print(table)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Speed, memory and start-up times of digits.")
    parser.add_argument("--pages", type=int, default=100, help="pages of a timed run")
    parser.add_argument("--drawn", type=int, default=10, help="pages that are really different; the rest are copies")
    parser.add_argument("--pairs", type=int, default=3, help="how often what is compared runs in turn")
    parser.add_argument("--memory", type=int, nargs=2, default=(50, 500), metavar=("FEW", "MANY"))
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--scans", type=Path, help="folder of real scans with their truth")
    parser.add_argument("--ledgers", type=Path, help="folder of real scans with an ALTO file beside each")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="digits-bench-") as folder:
        bench = Bench(Path(folder), options)
        for part in options.parts:
            print(f"measuring: {part}", file=sys.stderr)
            results[part] = PARTS[part](bench)
            show(part, results[part])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"options": vars(options), **results}, indent=1, default=str) + "\n")
    print(f"also in {RESULTS}")


if __name__ == "__main__":
    main()
