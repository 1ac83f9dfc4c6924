"""Processor time of real scans: ours with and without the second reader, RapidOCR and Tesseract, in turn in one run.

    python -m tests.benchmarks.other_readers FOLDER…

Every reader gets the same grey pixels of the scans of these folders. RapidOCR and Tesseract are those of `make accuracy`, in the
same .venv-others; a reader that cannot be had is named and left out. The last line is JSON for `make bench`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import CalledProcessError

from digit_core.imaging.decode import decode_page
from digit_core.params import DecodeLimits
from digit_core.records import Grey
from tests.benchmarks.accuracy.accuracy import the_readers, timed
from tests.benchmarks.accuracy.install import install
from tests.benchmarks.accuracy.pages import pictures_in
from tests.benchmarks.accuracy.readers import Ours, Reader

OTHERS = ("RapidOCR", "Tesseract")
OURS, ALONE = "ours", "ours without the second reader"


def measured(readers: Sequence[Reader], scans: Iterable[tuple[str, Grey]]) -> dict[str, dict[str, float]]:
    """Processor seconds of each scan by each reader, by their names. What a reader does once only is not counted."""
    spent: dict[str, dict[str, float]] = {reader.name: {} for reader in readers}
    for name, pixels in scans:
        for reader in readers:
            if not spent[reader.name]:
                reader.page(pixels)
            spent[reader.name][name] = timed(reader, reader.page, pixels)[1].cpu
    return spent


def table(spent: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A line for each scan and one for all, a column for each reader."""
    scans = list(next(iter(spent.values()), {}))
    lines = [f"{'processor seconds':<44}" + "".join(f"{name:>32}" for name in spent)]
    lines += [f"{scan[:42]:<44}" + "".join(f"{one[scan]:>32.2f}" for one in spent.values()) for scan in scans]
    return [*lines, f"{'all':<44}" + "".join(f"{sum(one.values()):>32.2f}" for one in spent.values())]


def facts(spent: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Seconds a scan, and how many times as much the others take as ours."""
    a_scan = {name: sum(one.values()) / len(one) for name, one in spent.items() if one}
    pairs = [(other, mine) for other in OTHERS for mine in (OURS, ALONE) if {other, mine} <= a_scan.keys()]
    ratios = {f"{other} to {mine}": a_scan[other] / a_scan[mine] for other, mine in pairs}
    return {**{f"{name}, s a scan": seconds for name, seconds in a_scan.items()}, **ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description="Processor time of real scans by several readers.")
    parser.add_argument("folders", type=Path, nargs="+")
    options = parser.parse_args()
    try:
        install()
    except CalledProcessError as error:
        print(f"RapidOCR and Tesseract cannot be installed: {error.stderr}", file=sys.stderr)
    others, notes = the_readers(OTHERS)
    alone = Ours(alone=True)
    alone.name = ALONE
    print("\n".join(notes), file=sys.stderr)
    with ExitStack() as stack:
        readers: list[Reader] = [Ours(), alone, *others]
        for reader in readers:
            stack.callback(reader.close)
        files = [file for folder in options.folders for file in pictures_in(folder)]
        spent = measured(readers, ((file.name, decode_page(file.read_bytes(), 0, DecodeLimits()).pixels) for file in files))
    print("\n".join(table(spent)))
    print(json.dumps(facts(spent)))


if __name__ == "__main__":
    main()
