"""What the strip reader learns from a collection's reviewed numbers: exact share and review share after 0, 50, 200 and 500.

    python -m tests.benchmarks.learning french_notaries [--counts 0 50 200 500] [--chapters 12] [--exam 300] [--mnist FILE]

A set of shared/data/real (its dev rows, or the rows of one that only measures), or a file of this form, is the collection. Its
writers or pages are divided: the numbers of one half are reviewed, those of the other are the exam, which no training sees. The
reader is fine-tuned by `digits train-reader --start` on the first so many reviewed numbers, page after page, and then reads the
exam as in service, with the shipped detector, classifier and second reader. Review share: numbers that the default threshold does
not accept.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deployments.commands.local_reader import read_files, spec_of
from digit_core.evaluation.set_score import ReadNumber
from digit_core.inference.reader import READER, SHIPPED_READER
from digit_core.readings import PageRead, State, one_number
from digit_core.training.number_sets import DEV, MEASURE, TRAIN, LabelledNumber, read_number_set
from flows.settings import load_settings
from tasks.adapters.registry.cache import ModelFile
from tests.benchmarks.real_sets import REAL

COUNTS = (0, 50, 200, 500)


def halves(rows: Sequence[LabelledNumber]) -> tuple[list[LabelledNumber], list[LabelledNumber]]:
    """Divide the rows by writer or page, as they come, into what is reviewed and the exam; a set of one writer in the middle."""
    writers = list(dict.fromkeys(row.writer for row in rows))
    if len(writers) < 2:
        return list(rows[: len(rows) // 2]), list(rows[len(rows) // 2 :])
    order = [writers[i] for i in np.random.default_rng(0).permutation(len(writers))]
    learned = set(order[: len(order) // 2])
    by_page = sorted((row for row in rows if row.writer in learned), key=lambda row: order.index(row.writer))
    return by_page, [row for row in rows if row.writer not in learned]


def fine_tuned(reviewed: Sequence[LabelledNumber], chapters: int, mnist: Path, folder: Path) -> Path:
    """Train the shipped strip reader further on the reviewed numbers; return the new network's file."""
    rows = [{"text": row.text, "image": row.picture, "writer": row.writer, "split": TRAIN} for row in reviewed]
    pq.write_table(pa.Table.from_pylist(rows), folder / "reviewed.parquet")
    start = ["--start", SHIPPED_READER / READER, "--chapters", chapters, "--mnist", mnist, "--ship", folder / "shipped"]
    command = [Path(sys.executable).parent / "digits", "train-reader", "--with", folder / "reviewed.parquet", *start]
    environment = {**os.environ, "DIGITS_HOME": str(folder / "home")}
    subprocess.run([str(word) for word in command], env=environment, check=True, stdout=subprocess.DEVNULL)
    return folder / "shipped" / READER


def examined(exam: Sequence[LabelledNumber], reader: Path | None, folder: Path) -> list[ReadNumber]:
    """Read the exam as in service; with this strip reader, or with the one that ships."""
    settings = load_settings()
    spec = spec_of(settings)
    if reader:
        file = ModelFile("fine-tuned", reader, hashlib.sha256(reader.read_bytes()).hexdigest())
        spec = replace(spec, networks=replace(spec.networks, strip_reader=file))
    files = [folder / f"{at:05d}" for at in range(len(exam))]
    for file_of_row, row in zip(files, exam, strict=True):
        file_of_row.write_bytes(row.picture or b"")
    pages = [page for (page,) in read_files(files, spec, settings, strip=True)]
    return [_read(row, page) for row, page in zip(exam, pages, strict=True)]


def _read(row: LabelledNumber, page: object) -> ReadNumber:
    if not isinstance(page, PageRead):
        return ReadNumber(row.digits, row.text, "", "", 0.0, False)
    one = one_number(page)
    return ReadNumber(row.digits, row.text, one.digits, one.text, one.confidence, one.state is State.ACCEPTED)


def main() -> None:
    """Print a row of a table in Markdown for each count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", help="name of a set of shared/data/real, or a file")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--chapters", type=int, default=12)
    parser.add_argument("--exam", type=int, default=300, help="numbers of the exam at most")
    parser.add_argument("--mnist", type=Path, default=REAL.parent / "mnist" / "mnist.npz")
    given = parser.parse_args()
    file = Path(given.collection) if Path(given.collection).is_file() else REAL / f"{given.collection}.parquet"
    known = read_number_set(file)
    reviewed, exam = halves(known.of(DEV) or known.of(MEASURE))
    exam = [exam[i] for i in sorted(np.random.default_rng(0).permutation(len(exam))[: given.exam])]
    print(f"{known.name}: {len(reviewed)} numbers can be reviewed, {len(exam)} are the exam; {given.chapters} chapters")
    print("| reviewed | exact | to review | accepted wrong | minutes of training |\n|---|---|---|---|---|")
    for count in given.counts:
        with tempfile.TemporaryDirectory() as place:
            began = time.monotonic()
            reader = fine_tuned(reviewed[:count], given.chapters, given.mnist, Path(place)) if count else None
            minutes = (time.monotonic() - began) / 60 if count else 0.0
            read = examined(exam, reader, Path(place))
        accepted = [one for one in read if one.accepted]
        wrong = sum(not one.right for one in accepted)
        exact = np.mean([one.right for one in read])
        done = min(count, len(reviewed))
        print(
            f"| {done} | {exact:.1%} | {1 - len(accepted) / len(read):.1%} | {wrong} of {len(accepted)} | {minutes:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
