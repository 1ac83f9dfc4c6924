"""The pages that are timed: dense A4 ledgers at 300 dpi, about 1,200 digits each, as grey JPEGs."""

from pathlib import Path

import cv2
import numpy as np

from digit_core.synthesis.ledger.page import STYLES, draw_number, make_writer, to_jpeg, write_page

_START, _COMMENT = b"\xff\xd8", b"\xff\xfe"


def draw_pages(count: int) -> list[bytes]:
    return [to_jpeg(write_page(1, number, STYLES["dense"]), colour=False) for number in range(count)]


def draw_slips(count: int) -> list[bytes]:
    """Pieces of 400 x 300 pixels out of the middle of such pages."""
    pages = (write_page(1, number, STYLES["dense"]).pixels for number in range(count))
    pieces = (page[len(page) // 2 :][:300, page.shape[1] // 2 :][:, :400] for page in pages)
    return [cv2.imencode(".jpg", piece)[1].tobytes() for piece in pieces]


def multiply(drawn: list[bytes], folder: Path, count: int) -> None:
    """Writes `count` files: the drawn pages over and over, each with another comment, so that no two have the same hash."""
    folder.mkdir()
    for number in range(count):
        (folder / f"page {number:04}.jpg").write_bytes(commented(drawn[number % len(drawn)], f"{number:08}"))


def commented(jpeg: bytes, words: str) -> bytes:
    """The same picture with a JPEG comment in front."""
    segment = _COMMENT + (len(words) + 2).to_bytes(2, "big") + words.encode()
    return _START + segment + jpeg.removeprefix(_START)


def draw_strip() -> bytes:
    """One number, cut out of its page, as PNG."""
    ink, _ = draw_number("40817", make_writer(3), 60, np.random.default_rng(3))
    strip = cv2.copyMakeBorder(255 - ink, 20, 20, 30, 30, cv2.BORDER_CONSTANT, value=255)
    return cv2.imencode(".png", strip)[1].tobytes()
