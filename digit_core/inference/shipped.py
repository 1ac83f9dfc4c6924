"""Where the networks lie that come with this package. Imports nothing, since whoever asks may need no network at all."""

from __future__ import annotations

from pathlib import Path

FINDER, READER = "finder.onnx", "reader.onnx"
"""Files of the detector and of the strip reader, as a training leaves them in a folder."""

SHIPPED_READER = Path(__file__).parents[1] / "model"
SHIPPED_DETECTOR, SHIPPED_STRIP_READER = SHIPPED_READER / FINDER, SHIPPED_READER / READER
SHIPPED_READER_CARD = SHIPPED_READER / "reader.json"
