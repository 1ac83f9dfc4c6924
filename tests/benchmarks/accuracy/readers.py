"""The readers that are compared, behind one Protocol: ours in this process, the others behind a pipe."""

from __future__ import annotations

import hashlib
import json
import math
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digit_core import ALGORITHM_VERSION
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.inference.second_reader import SecondReader
from digit_core.params import ReviewPolicy
from digit_core.readings import Reading, State
from digit_core.recognition.pipeline import PageReader
from digit_core.recognition.transcription.second_opinion import Second
from digit_core.records import Box, PageImage, PageRef
from flows.settings import load_settings
from tasks.adapters.registry.second_network import second_network

Grey = NDArray[np.uint8]
_REF = PageRef("accuracy", "", "")
HERE = Path(__file__).parent
SURE = ReviewPolicy().threshold
"""From this confidence on a reading of another reader counts as sure; ours says so itself, by the state of the number."""


@dataclass(frozen=True, slots=True)
class NumberRead:
    """A number as read: its digits without marks, the reader's confidence of it (0 to 1), and its place.

    sure: it would be published without a person's look. printed: the reader says that it is print and no handwriting.
    """

    digits: str
    confidence: float
    box: Box
    sure: bool
    printed: bool = False


class Reader(Protocol):
    """What is measured. Pixels are uint8 grey of shape (height, width)."""

    name: str
    version: str

    def strip(self, pixels: Grey) -> tuple[str, float]:
        """All digits of an image of one number, and the confidence of them together; "" and 0.0 where none is read."""
        ...

    def page(self, pixels: Grey) -> list[NumberRead]: ...

    def cpu_seconds(self) -> float:
        """Processor time used so far, of all cores together: what is told from it hangs less on what else the machine does."""
        ...

    def close(self) -> None: ...


class NotAvailable(Exception):  # noqa: N818 - it is no fault
    """A reader that cannot be had here; the message says why."""


class Ours:
    """The reader of this project as it ships; the second reader is asked where it is unsure, or never."""

    name = "ours"

    def __init__(self, alone: bool = False) -> None:
        second = None if alone else Second(SecondReader(second_network(load_settings().model_cache)))
        self._pages = PageReader(OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped"), second=second)
        self.version = f"algorithm {ALGORITHM_VERSION}, model {_digest(SHIPPED_MODEL.parent)}"

    def strip(self, pixels: Grey) -> tuple[str, float]:
        readings = self._pages.read_strip(PageImage(pixels), _REF).readings
        return "".join(one.digits for one in readings), math.prod(one.confidence for one in readings) if readings else 0.0

    def page(self, pixels: Grey) -> list[NumberRead]:
        return [as_number(one) for one in self._pages.read(PageImage(pixels), _REF).readings]

    def cpu_seconds(self) -> float:
        return time.process_time()

    def close(self) -> None:
        """Nothing is left behind."""


def as_number(reading: Reading) -> NumberRead:
    """A reading of ours, as all readers' are compared."""
    return NumberRead(reading.digits, reading.confidence, reading.box, reading.state is State.ACCEPTED, reading.printed > 0.5)


def _digest(folder: Path) -> str:
    """12 hexadecimal characters that change whenever a file of the shipped models does."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:12]


class Other:
    """A reader in another environment, spoken to by tests/benchmarks/accuracy/others.py. Raises NotAvailable, with the reason."""

    def __init__(self, name: str, python: Path, *arguments: str) -> None:
        self.name = name
        if not python.exists():
            raise NotAvailable(f"there is no {python}; `make accuracy` makes it where packages can be had")
        self._folder = tempfile.TemporaryDirectory(prefix="digits-accuracy-")
        command = [str(python), str(HERE / "others.py"), name.lower(), *arguments]
        errors = (Path(self._folder.name) / "errors").open("wb")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        self._cpu = 0.0
        self.version = str(self._answer()["version"])

    def strip(self, pixels: Grey) -> tuple[str, float]:
        return strip_of(self._ask("strip", pixels))

    def page(self, pixels: Grey) -> list[NumberRead]:
        return list(numbers_of(self._ask("page", pixels)))

    def cpu_seconds(self) -> float:
        return self._cpu

    def _ask(self, kind: str, pixels: Grey) -> list[Any]:
        file = Path(self._folder.name) / "pixels.npy"
        np.save(file, pixels)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"kind": kind, "file": str(file)}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        self._cpu = float(answer["cpu"])
        return list(answer["words"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            errors = (Path(self._folder.name) / "errors").read_text(errors="replace").strip().splitlines()
            raise NotAvailable(f"{self.name} ended: {errors[-1] if errors else 'without a word'}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise NotAvailable(answer["error"])
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._folder.cleanup()


def strip_of(words: Sequence[Sequence[Any]]) -> tuple[str, float]:
    """What was read on a strip as one number: the digits of all words from left to right; letters and marks are dropped."""
    ordered = sorted((word for word in words if digits_in(word[0])), key=lambda word: word[2][0])
    confidence = math.prod(word[1] for word in ordered) if ordered else 0.0
    return "".join(digits_in(word[0]) for word in ordered), confidence


def numbers_of(words: Sequence[Sequence[Any]]) -> Iterator[NumberRead]:
    """The numbers in the texts that a reader found on a page: what white space parts is two; a word with letters is none.

    A text of several words lends each its share of the box, by letters.
    """
    for text, confidence, (x, y, w, h) in words:
        for word in re.finditer(r"\S+", text):
            if digits_in(word[0]) and not re.search(r"[^\W\d_]", word[0]):
                left, right = (round(w * place / len(text)) for place in word.span())
                yield NumberRead(digits_in(word[0]), confidence, Box(x + left, y, max(1, right - left), h), confidence >= SURE)


def digits_in(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")
