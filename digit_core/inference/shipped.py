"""Paths of the shipped networks. Nothing is imported here, since callers may need no network at all."""

from __future__ import annotations

from pathlib import Path

FINDER, READER = "finder.onnx", "reader.onnx"
"""File names of the detector and of the strip reader in a training's folder."""

SHIPPED_READER = Path(__file__).parents[1] / "model"
SHIPPED_DETECTOR, SHIPPED_STRIP_READER = SHIPPED_READER / FINDER, SHIPPED_READER / READER
SHIPPED_DETECTOR_CARD, SHIPPED_READER_CARD = SHIPPED_READER / "finder.json", SHIPPED_READER / "reader.json"

SECOND_READER_SHA256 = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
"""SHA-256 of the second reader's network in rapidocr 3.10."""

SECOND_READER = f"PP-OCRv6-small-{SECOND_READER_SHA256[:12]}"
"""Version of the second reader, as in rows and lists."""

WITHOUT_IT = "or read without the second reader: set DIGITS_SECOND_READER=never"
"""End of each message about a missing second reader."""
