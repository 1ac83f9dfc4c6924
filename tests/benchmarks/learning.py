"""What the strip reader learns from a collection's reviewed numbers: exact share and review share after 0, 50, 200 and 500.

    python -m tests.benchmarks.learning french_notaries [--counts 0 50 200 500] [--exam 300] [--wrong 0.05] [--kept FOLDER]

A set of shared/data/real (its dev rows, or the rows of one that only measures), or a file of this form, is the collection. Its
writers or pages are divided: the numbers of one half are reviewed, those of the other are the exam, which no training sees. The
reader is fine-tuned by `digits train-reader --fine-tune` on the first so many reviewed numbers, page after page, and then reads
the exam as in service, with the shipped detector, classifier and second reader. Review share: numbers that the default threshold
does not accept. In place of that threshold a pilot gives one of the collection's own: the last columns say what a pilot of half
of the exam (a hundred numbers at most) would accept of the other half, on average over many draws.

--wrong: share of the reviewed numbers with a wrong label, as of tired people. --kept: folder in which trainings and readings are
kept between runs, so that an experiment that was stopped goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deployments.commands.local_reader import read_files, spec_of
from digit_core.inference.reader import READER, SHIPPED_READER
from digit_core.readings import PageRead, one_number
from digit_core.review.pilot import acceptable
from digit_core.training.number_sets import DEV, MEASURE, TRAIN, LabelledNumber, read_number_set
from flows.options import run_options
from flows.settings import load_settings
from tasks.adapters.registry.cache import ModelFile
from tests.benchmarks.pilot import ReadStrip, pilots
from tests.benchmarks.real_sets import REAL

COUNTS = (0, 50, 200, 500)
GUARANTEED = 0.1
"""Share of wrong numbers among the accepted that the pilot tolerates."""

_DRAWS = 200


@dataclass(frozen=True)
class Learned:
    """The exam as it was read after so many reviewed numbers; and how long the training took."""

    reviewed: int
    minutes: float
    read: tuple[ReadStrip, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Learned:
        values = json.loads(text)
        return cls(values["reviewed"], values["minutes"], tuple(ReadStrip(**one) for one in values["read"]))


def halves(rows: Sequence[LabelledNumber]) -> tuple[list[LabelledNumber], list[LabelledNumber]]:
    """Divide the rows by writer or page, as they come, into what is reviewed and the exam; a set of one writer in the middle."""
    writers = list(dict.fromkeys(row.writer for row in rows))
    if len(writers) < 2:
        return list(rows[: len(rows) // 2]), list(rows[len(rows) // 2 :])
    order = [writers[i] for i in np.random.default_rng(0).permutation(len(writers))]
    learned = set(order[: len(order) // 2])
    by_page = sorted((row for row in rows if row.writer in learned), key=lambda row: order.index(row.writer))
    return by_page, [row for row in rows if row.writer not in learned]


def mislabelled(rows: Sequence[LabelledNumber], share: float) -> list[LabelledNumber]:
    """Return the rows with one digit of this share of them changed to another."""
    rng = np.random.default_rng(0)
    wrong = {int(at) for at in rng.permutation(len(rows))[: round(share * len(rows))] if rows[at].digits}
    return [replace(row, text=_misread(row.text, rng)) if at in wrong else row for at, row in enumerate(rows)]


def _misread(text: str, rng: np.random.Generator) -> str:
    places = [at for at, character in enumerate(text) if character in "0123456789"]
    at = int(rng.choice(places))
    return f"{text[:at]}{(int(text[at]) + int(rng.integers(1, 10))) % 10}{text[at + 1 :]}"


def fine_tuned(reviewed: Sequence[LabelledNumber], mnist: Path, folder: Path) -> Path:
    """Train the shipped strip reader further on the reviewed numbers; return the new network's file."""
    rows = [{"text": row.text, "image": row.picture, "writer": row.writer, "split": TRAIN} for row in reviewed]
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "reviewed.parquet")
    files = [
        "--with",
        folder / "reviewed.parquet",
        "--start",
        SHIPPED_READER / READER,
        "--mnist",
        mnist,
        "--ship",
        folder / "shipped",
    ]
    command = [Path(sys.executable).parent / "digits", "train-reader", "--fine-tune", *files]
    environment = {**os.environ, "DIGITS_HOME": str(folder / "home")}
    subprocess.run([str(word) for word in command], env=environment, check=True, stdout=subprocess.DEVNULL)
    return folder / "shipped" / READER


def examined(exam: Sequence[LabelledNumber], reader: Path | None) -> list[ReadStrip]:
    """Read the exam as in service, before any threshold; with this strip reader, or with the one that ships."""
    settings = load_settings().replaced_by(run_options({"threshold": 0.0}))
    spec = spec_of(settings)
    if reader:
        file = ModelFile("fine-tuned", reader, hashlib.sha256(reader.read_bytes()).hexdigest())
        spec = replace(spec, networks=replace(spec.networks, strip_reader=file))
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{at:05d}" for at in range(len(exam))]
        for file_of_row, row in zip(files, exam, strict=True):
            file_of_row.write_bytes(row.picture or b"")
        pages = [page for (page,) in read_files(files, spec, settings, strip=True)]
    return [_read(row, page) for row, page in zip(exam, pages, strict=True)]


def _read(row: LabelledNumber, page: object) -> ReadStrip:
    if not isinstance(page, PageRead):
        return ReadStrip(0.0, False, False)
    one = one_number(page)
    return ReadStrip(one.confidence, acceptable(one), one.digits == row.digits)


def learned(reviewed: Sequence[LabelledNumber], exam: Sequence[LabelledNumber], mnist: Path, folder: Path) -> Learned:
    """Learn the reviewed numbers, if there are any, and read the exam; what was done before in `folder` is not done again."""
    done = folder / "read.json"
    if done.exists():
        return Learned.from_json(done.read_text())
    began = time.monotonic()
    reader = fine_tuned(reviewed, mnist, folder) if reviewed else None
    minutes = (time.monotonic() - began) / 60
    found = Learned(len(reviewed), minutes if reviewed else 0.0, tuple(examined(exam, reader)))
    folder.mkdir(parents=True, exist_ok=True)
    part = done.with_suffix(".part")
    part.write_text(found.to_json())
    part.replace(done)
    return found


def row(one: Learned, threshold: float) -> str:
    """Format the figures as the row of a table."""
    read = one.read
    accepted = [strip for strip in read if strip.acceptable and strip.confidence >= threshold]
    wrong = sum(not strip.right for strip in accepted)
    cells = [f"{one.reviewed}", f"{np.mean([strip.right for strip in read]):.1%}", f"{1 - len(accepted) / len(read):.1%}"]
    cells += [f"{wrong} of {len(accepted)}", *_with_a_pilot(read), f"{one.minutes:.1f}"]
    return "| " + " | ".join(cells) + " |"


def _with_a_pilot(read: Sequence[ReadStrip]) -> tuple[str, str]:
    """Return what is left to review of the rest, and how much of the accepted is wrong, on average over many pilots; one that can
    guarantee nothing accepts nothing."""
    outcomes = [by_target[GUARANTEED] for _, by_target in pilots(read, _DRAWS)]
    rest, accepted, wrong = (sum(getattr(one, name) for one in outcomes) for name in ("rest", "accepted", "wrong"))
    return f"{1 - accepted / rest:.1%}", f"{wrong / max(1, accepted):.1%}"


def main() -> None:
    """Print a row of a table in Markdown for each count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", help="name of a set of shared/data/real, or a file")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--exam", type=int, default=300, help="numbers of the exam at most")
    parser.add_argument("--wrong", type=float, default=0.0, help="share of the reviewed numbers with a wrong label")
    parser.add_argument("--kept", type=Path, help="folder of the trainings and readings")
    parser.add_argument("--mnist", type=Path, default=REAL.parent / "mnist" / "mnist.npz")
    given = parser.parse_args()
    file = Path(given.collection) if Path(given.collection).is_file() else REAL / f"{given.collection}.parquet"
    known = read_number_set(file)
    reviewed, exam = halves(known.of(DEV) or known.of(MEASURE))
    exam = [exam[i] for i in sorted(np.random.default_rng(0).permutation(len(exam))[: given.exam])]
    labels = f", {given.wrong:.0%} of them mislabelled" if given.wrong else ""
    print(f"{known.name}: {len(reviewed)} numbers can be reviewed{labels}, {len(exam)} are the exam")
    print(
        f"| reviewed | exact | to review | accepted wrong | to review with a pilot, {GUARANTEED:.0%} guaranteed | accepted wrong "
        "| minutes of training |\n|---|---|---|---|---|---|---|"
    )
    threshold = load_settings().threshold
    with tempfile.TemporaryDirectory() as place:
        kept = given.kept or Path(place)
        for count in given.counts:
            folder = kept / f"{known.name}-{count}-{given.wrong:g}-{given.exam}"
            some = mislabelled(reviewed[:count], given.wrong)
            print(row(learned(some, exam, given.mnist, folder), threshold), flush=True)


if __name__ == "__main__":
    main()
