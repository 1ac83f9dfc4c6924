"""The whole circle for real, some ten minutes: read, review, learn from it, pass the gate, read again, keep every human word.

Everything is done by the commands that people use, each in a process of its own, but for the reviewer, who is a script that
knows the truth. The archive begins with a classifier that was trained for one epoch, so that there is something to gain.

    FAULTS=1 make test ARGS="tests/e2e/test_circle.py -rP"
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.adapters.registry.promotions import Promotions
from tasks.adapters.registry.registry import Registry
from tasks.adapters.review.queue import ReviewQueue
from tests.support.drawn.mnist import mnist_file
from tests.support.review.reviewer import Reviewer

pytestmark = pytest.mark.long

PAGES, SEED = 16, 41
DECIDED = 200
WEAK, BETTER = 1, 4
"""Epochs of `archive`."""
PLACE, SAID = ("file", "page", "x", "y", "w", "h"), ("value", "state", "reviewer", "decided")
SETTLED = {"confirmed", "corrected", "unreadable"}


class Archive:
    """Scans, results, queue and models in one folder, and the command `digits` with them."""

    def __init__(self, folder: Path, mnist: Path) -> None:
        self.folder = folder
        self.scans, self.out = str(folder / "scans"), str(folder / "results")
        self._environment = {**os.environ, "DIGITS_HOME": str(folder / "home"), "DIGITS_MNIST": str(mnist)}

    def digits(self, *words: object) -> str:
        """What the command prints; it has to end well."""
        command = [str(Path(sys.executable).parent / "digits"), *map(str, words)]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, cwd=self.folder, timeout=3600)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def rates(self, *options: str) -> dict[str, float]:
        whole = json.loads(self.digits("evaluate", self.out, f"{self.scans}/truth", "--json", *options))
        return {name: rate["rate"] for name, rate in whole["total"]["rates"].items()}

    def listed(self) -> list[dict[str, str]]:
        self.digits("results", self.out, "--csv", self.folder / "numbers.csv")
        with (self.folder / "numbers.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def human(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """What people left of each number that they settled, by its place."""
        rows = [row for row in self.listed() if row["reviewer"] and row["state"] in SETTLED]
        return {tuple(row[name] for name in PLACE): tuple(row[name] for name in SAID) for row in rows}

    def unspoken(self) -> set[tuple[str, ...]]:
        """Places of numbers about which people said nothing."""
        return {tuple(row[name] for name in PLACE) for row in self.listed() if not row["reviewer"]}

    def machine_versions(self) -> set[str]:
        return {row["model_version"] for row in self.listed()}

    @property
    def promotions(self) -> Promotions:
        home = self.folder / "home"
        return Promotions(Registry(f"sqlite:///{home / 'mlflow.db'}", home / "models"))

    @property
    def queue(self) -> ReviewQueue:
        return ReviewQueue(f"sqlite:///{self.folder / 'home' / 'review.db'}")


def test_what_people_decide_teaches_the_machine_and_no_human_value_changes(tmp_path):
    archive = Archive(tmp_path, mnist_file())
    archive.digits("synth", archive.scans, "--pages", PAGES, "--seed", SEED)
    archive.digits("train", "archive", "--epochs", WEAK, "--seed", 1)
    archive.promotions.promote("2")  # by hand: the gate would refuse it
    archive.digits("digitise", archive.scans, "--out", archive.out)
    before = archive.rates()
    with archive.queue as queue:
        decided = Reviewer("Ada", tmp_path / "scans" / "truth").decide(queue, archive.out, DECIDED)
    fed = archive.digits("feedback", archive.out)
    said, corrected = archive.human(), archive.rates("--corrected")

    archive.digits("train", "archive", "--epochs", BETTER, "--seed", 1, "--with-reviewed")
    gate = archive.digits("promote", "challenger")
    archive.digits("digitise", archive.scans, "--out", archive.out)

    after, later, kept = archive.rates(), archive.rates("--corrected"), archive.human()
    print(fed, gate, f"{decided} digits decided, {len(said)} numbers settled", sep="\n")
    for name, figures in {"machine": before, "with people": corrected, "anew": after, "anew with people": later}.items():
        print(f"{name:>18}", {rate: round(value, 4) for rate, value in figures.items()})
    assert decided >= DECIDED
    assert archive.promotions.champion().version == "3"
    assert "3" in archive.machine_versions()
    numbers = {place: words for place, words in said.items() if words[0]}
    nothing = said.keys() - numbers.keys()
    assert numbers
    assert {place: kept.get(place) for place in numbers} == numbers
    assert {kept[place] for place in nothing & kept.keys()} <= set(said.values())  # where people saw no number, the new version
    assert not nothing & archive.unspoken()  # sees none either, or their word stands against it
    assert corrected["precision"] > before["precision"]
    assert after["precision"] > before["precision"]
    assert after["review_share"] < before["review_share"]
    assert later["review_share"] < after["review_share"]
