"""The reader's training: resumed where it stopped, exported as what was learned, registered with its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from digit_core.inference.reader import OnnxReader
from digit_core.training.keras_setup import keras_module
from digit_core.training.mnist import Mnist
from digit_core.training.reader_training import ReaderParams, TrainedReader, export_reader, train_reader

TINY = ReaderParams(chapters=1, cycles=2, steps=1, patches=2, strips=4, digits=60, pens=4)


@pytest.fixture(scope="module")
def bars() -> Mnist:
    """Digits that are mere bars, each of its own width: enough to learn from, if not to read."""
    images = np.zeros((40, 28, 28), np.uint8)
    for i in range(40):
        images[i, 4:24, 8 : 10 + i % 10] = 255
    labelled = images, np.arange(40) % 10
    return Mnist(labelled, labelled, labelled)


class StoppedError(Exception):
    """Somebody ended the training."""


def answers(trained: TrainedReader) -> list[np.ndarray]:
    strip = np.linspace(0, 1, 40 * 64, dtype=np.float32).reshape(1, 40, 64, 1)
    return [np.asarray(network(strip)) for network in (trained.finder, trained.reader)]


def test_a_stopped_training_goes_on_after_its_last_chapter_and_ends_as_if_it_had_not_been_stopped(
    bars: Mnist, tmp_path: Path
) -> None:
    told: list[int] = []

    def stop(chapter: int, losses: Mapping[str, float]) -> None:
        told.append(chapter)
        raise StoppedError

    with pytest.raises(StoppedError):
        train_reader(bars, TINY, tmp_path / "stopped", stop)
    resumed = train_reader(bars, TINY, tmp_path / "stopped", lambda chapter, losses: told.append(chapter))
    straight = train_reader(bars, TINY, tmp_path / "straight", lambda chapter, losses: None)

    assert told == [0, 1]
    assert [losses.keys() for losses in resumed.history] == [losses.keys() for losses in straight.history]
    for one, other in zip(answers(resumed), answers(straight), strict=True):
        assert np.allclose(one, other, atol=2e-3)

    export_reader(straight, bars.train, TINY, tmp_path / "onnx")
    strip = (np.linspace(0, 1, 40 * 64).reshape(40, 64) * 255).astype(np.uint8)
    (columns,) = OnnxReader.of_folder(tmp_path / "onnx").read([strip])
    scores = np.asarray(straight.reader((strip / np.float32(255))[None, ..., None].astype(np.float32)))[0]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    by_keras = powers[:, 1:11] / powers.sum(axis=1, keepdims=True)
    assert np.abs(columns[:, 1:11] - by_keras).max() < 0.1 * by_keras.max()
    keras_module().backend.clear_session()
