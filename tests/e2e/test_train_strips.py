"""The strip reader's training: resumed where it stopped, exported as what was learned, by one command, with its card."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_core.errors import InputError
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.network_spec import FULL
from digit_core.inference.reader import FINDER, READER, SHIPPED_READER, OnnxReader
from digit_core.recognition.pipeline import PageReader
from digit_core.training.mnist import Labelled
from digit_core.training.number_sets import DEV, read_number_set
from digit_core.training.set_exam import read_numbers
from digit_core.training.strip_reader.export import export_strip_reader
from digit_core.training.strip_reader.network import averaged_network
from digit_core.training.strip_reader.shards import Sources, StripParams, held_out, load_shard, write_shard
from digit_core.training.strip_reader.training import train_strips
from flows.train_networks import train_reader
from tests.support.drawn.mnist import drawn_digits, drawn_mnist
from tests.support.drawn.number_set import drawn_picture, write_drawn_set

TINY = StripParams(chapters=2, strips=24, uses=2, batch=12, digits=40, pens=3)


@pytest.fixture(scope="module")
def bars() -> Labelled:
    """Digits that are mere bars, each of its own width: enough to learn from, if not to read."""
    images = np.zeros((40, 28, 28), np.uint8)
    for i in range(40):
        images[i, 4:24, 8 : 10 + i % 10] = 255
    return images, np.arange(40) % 10


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of pictures of numbers and of single digits' strokes."""
    return write_drawn_set(tmp_path_factory.mktemp("sets") / "cells.parquet", ["1905", "27", "438", "60"])


class StoppedError(Exception):
    """Somebody ended the training."""


def unwatched(chapter: int, losses: Mapping[str, float]) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def stopped(bars: Labelled, cells: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of a training of two chapters that somebody ended after the first."""
    folder = tmp_path_factory.mktemp("stopped")

    def stop(chapter: int, losses: Mapping[str, float]) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        train_strips(Sources(bars, (cells,)), TINY, folder, stop)
    return folder


@pytest.fixture
def kept(stopped: Path, tmp_path: Path) -> Path:
    """A copy of it, to go on from."""
    return Path(shutil.copytree(stopped, tmp_path / "kept"))


def test_a_stopped_training_goes_on_after_its_last_chapter_and_what_is_exported_is_what_was_learned(
    bars: Labelled, cells: Path, kept: Path, tmp_path: Path
) -> None:
    sources = Sources(bars, (cells,))
    told: list[int] = []

    resumed = train_strips(sources, TINY, kept, lambda chapter, losses: told.append(chapter))
    straight = train_strips(sources, TINY, tmp_path / "straight", unwatched)

    assert told == [1]
    assert [losses["steps"] for losses in resumed.history] == [losses["steps"] for losses in straight.history] == [2, 4]
    strip = np.linspace(0, 1, 40 * 64, dtype=np.float32).reshape(1, 40, 64, 1)
    one, other = (np.asarray(averaged_network(trained.state)(strip)) for trained in (resumed, straight))
    assert np.allclose(one, other, atol=0.05 * np.abs(other).max())  # bfloat16 keeps three figures

    folder = tmp_path / "onnx"
    folder.mkdir()
    (folder / FINDER).write_bytes((SHIPPED_READER / FINDER).read_bytes())
    exported = export_strip_reader(straight.state, held_out(sources, TINY, tmp_path / "straight", strips=240), folder / READER)
    reader = OnnxReader.of_folder(folder)
    (columns,) = reader.read([(strip[0, ..., 0] * 255).astype(np.uint8)])
    powers = np.exp(other[0] - other[0].max(axis=1, keepdims=True))
    assert reader.strips == FULL
    assert np.abs(columns - powers / powers.sum(axis=1, keepdims=True)).max() < 0.1
    assert exported.score >= exported.float_score - 0.01
    assert sorted(path.name for path in folder.iterdir()) == [FINDER, READER]

    with pytest.raises(InputError, match="has learned 2 chapters already, and 1 are asked for"):
        train_strips(sources, replace(TINY, chapters=1), kept, unwatched)


def test_other_sets_begin_another_training(bars: Labelled, kept: Path) -> None:
    told: list[int] = []

    train_strips(Sources(bars), replace(TINY, chapters=1), kept, lambda chapter, losses: told.append(chapter))

    assert told == [0]


def test_the_kept_state_says_what_it_was_made_of(stopped: Path) -> None:
    kept = json.loads((stopped / "training.json").read_text())

    assert list(kept["params"]["sets"]) == ["cells.parquet"]
    assert kept["params"]["seed"] == 1
    assert len(kept["history"]) == 1


@pytest.mark.parametrize("labels", ["0123456789", "012345689", "4"], ids=["all", "no seven", "one class"])
def test_digits_of_one_writer_can_be_learned_from_whatever_classes_are_missing(
    labels: str, bars: Labelled, tmp_path: Path
) -> None:
    pictures = [drawn_picture(label) for label in labels]
    file = tmp_path / "digits.parquet"
    rows = {"image": pictures, "text": list(labels), "writer": ["Ada"] * len(labels), "split": ["train"] * len(labels)}
    pq.write_table(pa.table(rows), file)

    (tmp_path / "kept").mkdir()

    strips = load_shard(write_shard(Sources(bars, (file,)), TINY, tmp_path / "kept", 0))

    assert len(strips) > 0.8 * TINY.strips
    assert len({character for strip in strips for character in strip.text if character.isdigit()}) == 10


@pytest.mark.long
def test_a_twentieth_of_wrong_labels_does_not_spoil_what_was_known(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    texts = [str(rng.integers(10, 100_000)) for _ in range(100)]
    pictures = [drawn_picture(text) for text in texts]
    said = [text[::-1] if at % 20 == 0 else text for at, text in enumerate(texts[:60])] + texts[60:]
    file = tmp_path / "reviewed.parquet"
    pq.write_table(pa.table({"image": pictures, "text": said, "split": ["train"] * 60 + ["dev"] * 40}), file)
    sources = Sources(drawn_digits(200, seed=1), (file,), SHIPPED_READER / READER)
    params = replace(StripParams.fine_tuning(), chapters=1, strips=960, digits=100, pens=5)

    trained = train_strips(sources, params, tmp_path / "kept", unwatched)
    (tmp_path / FINDER).write_bytes((SHIPPED_READER / FINDER).read_bytes())
    export_strip_reader(trained.state, held_out(sources, params, tmp_path / "kept", strips=240), tmp_path / READER, sources.start)

    held_back, classifier = read_number_set(file).of(DEV), OnnxRecogniser(SHIPPED_MODEL, "")
    readers = (PageReader(OnnxReader.of_folder(folder), classifier) for folder in (SHIPPED_READER, tmp_path))
    before, after = (sum(one.right for one in read_numbers(held_back, reader)) for reader in readers)
    assert [losses["steps"] for losses in trained.history] == [20]
    assert after >= before - 2
    assert before > 20


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: None) -> Path:
    """A home without models, where trainings are tiny."""
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(StripParams, "fine_tuning", classmethod(lambda cls: replace(TINY, chapters=1)))
    monkeypatch.setattr("flows.train_networks.data", lambda *what: drawn_mnist(100))
    monkeypatch.setattr("tasks.train_networks.STRIPS", 4)
    return tmp_path


def test_fine_tuning_goes_on_from_the_reader_in_service_with_parameters_of_its_own(archive: Path, cells: Path) -> None:
    done = train_reader(sets=[str(cells)], fine_tune=True)

    assert done.version == "2"
    assert done.card["started_from"] == hashlib.sha256((SHIPPED_READER / READER).read_bytes()).hexdigest()
    assert done.card["params"] == asdict(replace(TINY, chapters=1))
    assert [(one["name"], one["numbers"]) for one in done.card["sets"]] == [("cells", 3)]


def test_there_is_nothing_to_fine_tune_on_without_a_set(archive: Path) -> None:
    with pytest.raises(InputError, match="nothing to fine-tune on: name a number set by --with"):
        train_reader(fine_tune=True)
    assert not (archive / "home" / "training").exists()
