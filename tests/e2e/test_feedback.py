"""The flow `feedback`: decisions reach the results, the training set, and, past the gate, the model that serves."""

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.records import Box
from digit_core.review.verdicts import Kind, Verdict
from digit_core.training.classifier import training as classifier_training
from digit_core.training.classifier.recipes import RECIPES
from digit_core.training.number_sets import read_number_set
from flows.networks import registry as registry_of
from flows.settings import load_settings
from tasks.adapters.registry.promotions import Promotions
from tasks.adapters.results.dataset import Results
from tasks.adapters.review.decisions import Act
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tasks.adapters.training_sets import TrainingSets
from tests.support import results
from tests.support.drawn.mnist import drawn_mnist
from tests.support.review.items import digit
from tests.support.weak_models import weakened

pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.fixture
def dest(tmp_path, monkeypatch) -> Path:
    """Results of a page with one number of three digits, which the machine read as 777, all three in the queue."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    page = np.full((400, 600), 235, np.uint8)
    cv2.putText(page, "171", (150, 220), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 20, 5)
    cv2.imwrite(str(tmp_path / "page.png"), page)
    results.write(tmp_path / "out", tmp_path / "page.png", bad=tmp_path / "bad.png")
    with ReviewQueue(load_settings().review_url) as queue:
        queue.put(items(tmp_path / "out"))
    return tmp_path / "out"


def items(dest):
    """From left to right."""
    results = Results(Storage(), str(dest))
    (number,) = results.read("numbers").to_pylist()
    rows = sorted(results.read("digits").to_pylist(), key=lambda row: row["place"])
    return [
        replace(
            digit(row["number_id"], "777", row["place"], 0.5),
            uri=row["file"],
            sha256=row["sha256"],
            page_index=row["page"] - 1,
            item_id=row["digit_id"],
            box=Box(*(row[name] for name in "xywh")),
            number_box=Box(*(number[name] for name in "xywh")),
            collection=str(dest),
        )
        for row in rows
    ]


def say(dest, text, first=0):
    """A digit for each place from `first` on."""
    verdicts = {item.item_id: Verdict(Kind.DIGIT, sign) for item, sign in zip(items(dest)[first:], text, strict=False)}
    with ReviewQueue(load_settings().review_url) as queue:
        claim = queue.claims.numbers(str(dest), "Ada", 50, 60)
        queue.decisions.keep(Act(f"act {first}", "Ada", "number", claim.claim_id, 1, 1.0), verdicts, 60)


def feed(**parameters):
    from flows.feedback import feedback

    return feedback(**parameters)


def listed(dest):
    done = CliRunner().invoke(app, ["results", str(dest), "--csv", str(dest.parent / "n.csv")])
    assert done.exit_code == 0, done.output
    with (dest.parent / "n.csv").open(newline="") as file:
        return [(row["digits"], row["state"], row["machine_digits"], row["reviewer"]) for row in csv.DictReader(file)]


@pytest.fixture
def drawn(monkeypatch):
    """Few printed digits in the place of MNIST, for training and gate; in small batches, so that the means that batch
    normalisation keeps settle within so few digits.
    """
    monkeypatch.setitem(RECIPES, "archive", replace(RECIPES["archive"], batch=16))
    monkeypatch.setattr(classifier_training, "load_mnist", lambda path: drawn_mnist(1200))
    monkeypatch.setattr("tasks.promote.load_mnist", lambda path: drawn_mnist(1200))


def promotions(tmp_path, noise: float) -> Promotions:
    """A registry whose champion is the shipped model with its weights so far off."""
    found = Promotions(registry_of(load_settings()))
    card = weakened(tmp_path / "weak.onnx", noise=noise)
    found.registry.register(tmp_path / "weak.onnx", card, alias="champion")
    return found


def test_what_people_decided_is_a_number_set_to_train_the_strip_reader_with(dest):
    say(dest, "171")
    feed()

    done = CliRunner().invoke(app, ["export", str(dest), "--as", "set", "--out", str(dest.parent / "set")])

    assert done.exit_code == 0, done.output
    (row,) = [row for rows in read_number_set(dest.parent / "set" / "numbers.parquet").rows.values() for row in rows]
    assert row.text == "171"
    assert row.pixels().min() < 60


def test_all_collections_of_the_queue_are_corrected_and_the_digits_kept_to_learn_from(dest):
    say(dest, "171")

    fed = feed()

    assert [(view.collection, view.states) for view in fed.views] == [(str(dest), {"corrected": 1})]
    assert (fed.new_decisions, fed.digits, fed.version) == (3, 3, "")
    assert listed(dest) == [("171", "corrected", "777", "Ada")]
    made = TrainingSets(Storage(), load_settings().training_folder).require()
    assert (made.name, sorted(made.digits[1].tolist())) == (fed.training_set, [1, 1, 7])


def test_too_few_new_decisions_correct_the_results_and_make_no_training_set_until_more_come(dest):
    say(dest, "1")
    few = feed(at_least=2, recipe="perceptron")
    say(dest, "71", first=1)

    enough = feed(at_least=2)

    assert (few.new_decisions, few.training_set, few.version) == (1, "", "")
    assert (enough.new_decisions, enough.digits) == (3, 3)
    assert feed(at_least=2).new_decisions == 0


def test_a_version_that_learned_from_people_and_reads_better_serves(dest, drawn, tmp_path):
    weak = promotions(tmp_path, noise=3.0)
    say(dest, "171")

    fed = feed(recipe="archive", epochs=4)

    assert fed.refused == ""
    assert fed.promoted
    assert weak.champion().version == fed.version
    (line,) = [one for one in weak.registry.versions() if one.version == fed.version]
    assert line.gate.startswith("passed against 1")
    assert line.metrics["mnist_test"] > 0.5


def test_a_version_that_learned_from_people_and_reads_worse_is_refused_and_says_why(dest, drawn, tmp_path):
    good = promotions(tmp_path, noise=0.0)
    say(dest, "171")

    done = CliRunner().invoke(app, ["feedback", "--train", "perceptron", "--epochs", "1"])

    assert done.exit_code == 7, done.output
    assert "version 2 was refused, version 1 stays the champion" in done.stderr
    assert "3 reviewed digits for training" in done.stdout
    assert good.champion().version == "1"
    assert listed(dest) == [("171", "corrected", "777", "Ada")]
