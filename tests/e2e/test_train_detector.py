"""The detector's training: resumed where it stopped, exported as what was learned, from pages and sets that label themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from digit_core.errors import InputError
from digit_core.inference.network_spec import NetworkForm
from digit_core.inference.reader import FINDER, READER, SHIPPED_READER, OnnxReader
from digit_core.synthesis.pen import draw_number, make_writer
from digit_core.training.detector.export import export_detector
from digit_core.training.detector.learner import averaged_detector
from digit_core.training.detector.network import DETECTED
from digit_core.training.detector.shards import HELD_OUT, DetectorParams, DetectorSources, load_shard, write_shard
from digit_core.training.detector.training import train_detector
from digit_core.training.mnist import Labelled

TINY = DetectorParams(chapters=2, patches=24, height=64, width=96, uses=2, batch=12, digits=40, pens=3)
LINE = (
    '<TextLine ID="{0}" BASELINE="{1} {3} {2} {3}"><Shape><Polygon POINTS="{1} {4} {2} {4} {2} {3} {1} {3}"/></Shape>'
    '<String CONTENT="{0}"/></TextLine>'
)


@pytest.fixture(scope="module")
def bars() -> Labelled:
    """Digits that are mere bars, each of its own width: enough to learn from, if not to find."""
    images = np.zeros((40, 28, 28), np.uint8)
    for i in range(40):
        images[i, 4:24, 8 : 10 + i % 10] = 255
    return images, np.arange(40) % 10


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one scan of four numbers, transcribed line by line."""
    folder = tmp_path_factory.mktemp("ledgers")
    page, lines = np.full((420, 600), 240, np.uint8), []
    for row, text in enumerate(("1905", "27", "438", "60")):
        ink, _ = draw_number(text, make_writer(3), 48, np.random.default_rng(row))
        y, (h, w) = 30 + 95 * row, ink.shape
        page[y : y + h, 80 : 80 + w] -= (ink * 0.8).astype(np.uint8)
        lines.append(LINE.format(text, 75, 85 + w, y + h + 5, y - 5))
    cv2.imwrite(str(folder / "one.png"), page)
    (folder / "one.xml").write_text(
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page WIDTH="600" HEIGHT="420"><PrintSpace><TextBlock>'
        + "".join(lines)
        + "</TextBlock></PrintSpace></Page></Layout></alto>"
    )
    return folder


class StoppedError(Exception):
    """Somebody ended the training."""


def test_a_stopped_training_goes_on_after_its_last_chapter_and_what_is_exported_is_what_was_learned(
    bars: Labelled, pages: Path, tmp_path: Path
) -> None:
    sources = DetectorSources(bars, (), (pages,), SHIPPED_READER / FINDER)
    told: list[int] = []

    def stop(chapter: int, losses: Mapping[str, float]) -> None:
        told.append(chapter)
        raise StoppedError

    with pytest.raises(StoppedError):
        train_detector(sources, TINY, tmp_path / "training", stop)
    trained = train_detector(sources, TINY, tmp_path / "training", lambda chapter, losses: told.append(chapter))

    again = train_detector(sources, TINY, tmp_path / "training", lambda chapter, losses: told.append(chapter))

    assert told == [0, 1]
    assert len(trained.history) == 2
    assert again.history == trained.history
    assert all(np.array_equal(again.state[name], trained.state[name]) for name in trained.state)
    patches = load_shard(write_shard(sources, TINY, tmp_path / "training", HELD_OUT))
    folder = tmp_path / "onnx"
    folder.mkdir()
    (folder / READER).write_bytes((SHIPPED_READER / READER).read_bytes())
    exported = export_detector(trained.state, patches, folder / FINDER)
    reader = OnnxReader.of_folder(folder)
    assert reader.detector == NetworkForm(DETECTED)
    pixels = np.stack([patch.pixels for patch in patches])
    network = averaged_detector(trained.state, [pixels / np.float32(255)])
    learned = np.asarray(network((pixels[:1] / np.float32(255))[..., None]))[0]
    written = reader.find(patches[0].pixels)
    assert np.median(np.abs(written - learned)) < 0.1 * np.abs(learned).max()
    assert exported.kind in ("int8", "float32")


def test_a_folder_without_transcribed_scans_is_named_before_anything_is_trained(bars: Labelled, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputError, match="empty holds no scan with an ALTO file"):
        train_detector(DetectorSources(bars, (), (tmp_path / "empty",), None), TINY, tmp_path / "training", lambda *told: None)
