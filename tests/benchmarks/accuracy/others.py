"""RapidOCR or Tesseract behind a pipe; run by the Python of .venv-others, which has neither our packages nor we its.

    others.py rapidocr|tesseract [FOLDER OF eng.traineddata]

Says one line of JSON first: {"version": …} or {"error": why it cannot read}. Then for every line of JSON on standard input,
{"kind": "strip" or "page", "file": a .npy file of grey pixels}, one line of JSON: {"words": [[text, confidence 0 to 1, [x, y,
w, h]], …], "cpu": seconds of processor this process has used so far}.
"""

import json
import os
import sys
import time
from importlib.metadata import version

import numpy as np

DIGITS = "0123456789"
MARKS = ".,-"


class Rapid:
    """Strips by its recogniser alone, pages by its detector and its recogniser, at its own settings."""

    def __init__(self):
        from rapidocr import RapidOCR

        self.engine = RapidOCR()
        self.version = f"rapidocr {version('rapidocr')}"

    def strip(self, grey):
        found = self.engine(np.dstack([grey] * 3), use_det=False, use_cls=False, use_rec=True)
        box = [0, 0, grey.shape[1], grey.shape[0]]
        return [[text, float(score), box] for text, score in zip(found.txts or (), found.scores or (), strict=True)]

    def page(self, grey):
        found = self.engine(np.dstack([grey] * 3), use_det=True, use_cls=True, use_rec=True)
        if found.boxes is None:
            return []
        return [[text, float(score), around(box)] for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)]


def around(corners):
    points = np.asarray(corners)
    left, top = np.floor(points.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(points.max(axis=0)).astype(int).tolist()
    return [left, top, max(1, right - left), max(1, bottom - top)]


class Tesseract:
    """Strips as one line of digits and marks, pages as one block of text with its letters.

    Sparse text (mode 11) finds a few numbers more on crowded tables and takes five times as long; digits alone on a page
    make numbers of its words, and fewer are right.
    """

    def __init__(self, data):
        import tesserocr

        self.tesserocr = tesserocr
        self.line = tesserocr.PyTessBaseAPI(path=data, lang="eng", psm=tesserocr.PSM.SINGLE_LINE)
        self.line.SetVariable("tessedit_char_whitelist", DIGITS + MARKS)
        self.block = tesserocr.PyTessBaseAPI(path=data, lang="eng", psm=tesserocr.PSM.SINGLE_BLOCK)
        self.version = " ".join(tesserocr.tesseract_version().split()[:2])

    def strip(self, grey):
        return self._words(self.line, grey)

    def page(self, grey):
        return self._words(self.block, grey)

    def _words(self, api, grey):
        from PIL import Image

        api.SetImage(Image.fromarray(grey))
        api.Recognize()
        words, level = api.GetIterator(), self.tesserocr.RIL.WORD
        return [] if words is None else [word for part in self.tesserocr.iterate_level(words, level) for word in one(part, level)]


def one(part, level):
    """The word at this place, or none: for a page without any text there is a place, and no word at it."""
    try:
        text, box = part.GetUTF8Text(level), part.BoundingBox(level)
    except RuntimeError:
        return
    if text and box:
        left, top, right, bottom = box
        yield [text.strip(), part.Confidence(level) / 100, [left, top, max(1, right - left), max(1, bottom - top)]]


def made(arguments):
    if arguments[0] == "rapidocr":
        return Rapid()
    return Tesseract(arguments[1])


def main():
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")

    try:
        reader = made(sys.argv[1:])
    except (ImportError, RuntimeError, OSError) as error:
        say({"error": f"{type(error).__name__}: {error}"})
        return
    say({"version": reader.version})
    for line in sys.stdin:
        job = json.loads(line)
        grey = np.load(job["file"], allow_pickle=False)
        words = getattr(reader, job["kind"])(grey)
        say({"words": words, "cpu": time.process_time()})


if __name__ == "__main__":
    main()
