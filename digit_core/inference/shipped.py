"""Paths of the shipped networks. Nothing is imported here, since callers may need no network at all."""

from __future__ import annotations

from pathlib import Path

FINDER, READER = "finder.onnx", "reader.onnx"
"""Files of the detector and of the strip reader, as a training leaves them in a folder."""

SHIPPED_READER = Path(__file__).parents[1] / "model"
SHIPPED_DETECTOR, SHIPPED_STRIP_READER = SHIPPED_READER / FINDER, SHIPPED_READER / READER
SHIPPED_DETECTOR_CARD, SHIPPED_READER_CARD = SHIPPED_READER / "finder.json", SHIPPED_READER / "reader.json"

SECOND_READER_SHA256 = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
"""Of the second reader's network as it comes with rapidocr 3.10."""

SECOND_READER = f"PP-OCRv6-small-{SECOND_READER_SHA256[:12]}"
"""The second reader's version, as rows and lists name it."""

WITHOUT_IT = "or read without the second reader: set DIGITS_SECOND_READER=never"
"""Ends each message about a second reader that cannot be had."""
