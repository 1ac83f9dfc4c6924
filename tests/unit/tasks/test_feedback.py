"""From decisions back into the results and into a training set, without any server."""

import csv
import json
import uuid
from dataclasses import replace

import cv2
import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.records import Box
from digit_core.results.schema import NUMBERS
from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.review.decisions import Act
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tasks.adapters.training_sets import TrainingSets
from tasks.feedback import collect, correct
from tests.support import results
from tests.support.review.items import digit


@pytest.fixture
def dest(tmp_path, monkeypatch):
    """Results of a page with one number of three digits, which the machine read as 777."""
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    page = np.full((400, 600), 235, np.uint8)
    cv2.putText(page, "171", (150, 220), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 20, 5)
    cv2.imwrite(str(tmp_path / "page.png"), page)
    results.write(tmp_path / "out", tmp_path / "page.png", bad=tmp_path / "bad.png")
    return tmp_path / "out"


@pytest.fixture
def queue(tmp_path, dest):
    """Its three digits, waiting."""
    with ReviewQueue(f"sqlite:///{tmp_path}/review.db") as opened:
        opened.put(items(dest))
        yield opened


def items(dest):
    results = Results(Storage(), str(dest))
    (number,) = results.read("numbers").to_pylist()
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
        for row in results.read("digits").to_pylist()
    ]


def say(queue, dest, *said):
    """Of the digits from left to right; None leaves one open."""
    names = [item.item_id for item in sorted(items(dest), key=lambda item: item.place)]
    verdicts = {name: verdict for name, verdict in zip(names, said, strict=True) if verdict}
    lent = queue.claims.numbers(str(dest), "Ada", 100, 60)
    queue.decisions.keep(Act(uuid.uuid4().hex, "Ada", "number", lent.claim_id, 1, 1.0), verdicts, 60)


ONE, SEVEN, NONE = Verdict(Kind.DIGIT, "1"), Verdict(Kind.DIGIT, "7"), Verdict(Kind.NOT_A_DIGIT)


def listed(dest, tmp_path, *options):
    done = CliRunner().invoke(app, ["results", str(dest), "--csv", str(tmp_path / "n.csv"), *options])
    assert done.exit_code == 0, done.output
    with (tmp_path / "n.csv").open(newline="") as file:
        return [(row["digits"], row["state"], row["machine_digits"], row["reviewer"]) for row in csv.DictReader(file)]


def test_corrected_numbers_are_listed_with_the_machines_beside_them(dest, queue, tmp_path):
    say(queue, dest, ONE, SEVEN, ONE)

    view = correct.fn(queue, Storage(), str(dest))

    assert view.states == {"corrected": 1}
    assert listed(dest, tmp_path) == [("171", "corrected", "777", "Ada")]
    assert listed(dest, tmp_path, "--state", "accepted") == []
    assert "171" in CliRunner().invoke(app, ["results", str(dest), "--state", "corrected"]).stdout


def test_before_anybody_reviewed_the_results_are_the_machines(dest, tmp_path):
    assert listed(dest, tmp_path) == [("777", "accepted", "777", "")]


def scored(dest, tmp_path, *options):
    """The rates of the page, whose true number is 171."""
    (tmp_path / "page.csv").write_text("row,column,text,digits,certain\n1,a,171,171,1\n")
    done = CliRunner().invoke(app, ["evaluate", str(dest), str(tmp_path / "page.csv"), "--json", *options])
    assert done.exit_code == 0, done.output
    return {name: rate["rate"] for name, rate in json.loads(done.stdout)["total"]["rates"].items()}


def test_what_people_settled_is_scored_on_request_and_the_machine_alone_otherwise(dest, queue, tmp_path):
    say(queue, dest, ONE, SEVEN, ONE)
    correct.fn(queue, Storage(), str(dest))

    machine, people = scored(dest, tmp_path), scored(dest, tmp_path, "--corrected")

    assert machine["recall"] == 0.0
    assert (people["recall"], people["accepted_number_error"], people["accepted_digit_error"]) == (1.0, 0.0, 0.0)


def test_marks_that_people_write_and_places_without_a_number_are_in_the_results(dest, queue, tmp_path):
    for verdict, digits in ((Verdict(Kind.WRITTEN, "-1.71"), "171"), (Verdict(Kind.CONTENT, "nil"), "")):
        say(queue, dest, verdict, None, None)

        correct.fn(queue, Storage(), str(dest))

        assert queue.counts() == {"decided": 3}
        (row,) = Results(Storage(), str(dest)).read("numbers").to_pylist()
        (corrected,) = (
            Reviewed(Storage(), str(dest))
            .corrections()
            .of_pages(pa.Table.from_pylist([row], NUMBERS), [(row["sha256"], 0)])
            .to_pylist()
        )
        assert (corrected["digits"], corrected["text"], corrected["value"]) == (
            digits,
            *{"171": ("-1.71", -1.71), "": ("nil", 0.0)}[digits],
        )
        queue.decisions.undo("Ada", "x", 60)


def test_what_was_taken_back_leaves_the_results_again(dest, queue, tmp_path):
    say(queue, dest, ONE, SEVEN, ONE)
    correct.fn(queue, Storage(), str(dest))
    queue.decisions.undo("Ada", "x", 60)

    correct.fn(queue, Storage(), str(dest))

    assert listed(dest, tmp_path) == [("777", "accepted", "777", "")]


def test_items_of_older_queues_find_their_number_in_the_results(dest, tmp_path):
    with ReviewQueue(f"sqlite:///{tmp_path}/old.db") as old:
        old.put([replace(item, parts=(), place=0, number_box=None, mark=None, ink=b"") for item in items(dest)])
        say(old, dest, ONE, SEVEN, NONE)

        correct.fn(old, Storage(), str(dest))

    assert listed(dest, tmp_path) == [("17", "corrected", "777", "Ada")]


def test_named_digits_become_a_training_set_and_others_do_not(dest, queue, tmp_path):
    say(queue, dest, ONE, NONE, Verdict(Kind.UNREADABLE))
    sets = TrainingSets(Storage(), str(tmp_path / "training"))

    made = collect.fn(queue, sets)

    images, labels = made.digits
    assert sorted(labels.tolist()) == [1, 10]
    assert images[0].tobytes() == items(dest)[0].ink
    assert made.decisions == 3
    assert collect.fn(queue, sets).name == made.name


def test_training_with_reviewed_digits_says_where_they_come_from(dest, tmp_path):
    done = CliRunner().invoke(app, ["feedback"])

    assert done.exit_code == 2
    assert "there are no decisions yet" in done.stderr
