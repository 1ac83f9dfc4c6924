"""What can be left out of the reader and of what it learns from: by putting something else in the place of what a module holds.

The product has no switches for this. A target is "module.attribute", as `unittest.mock.patch` takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.reader import Reader
from digit_core.recognition import detector
from digit_core.recognition.detections import Characters
from digit_core.recognition.transcription.ctc import Alignment
from digit_core.recognition.transcription.fusion_weights import fusion_weights

Changes = Mapping[str, Any]
"""Target -> what stands there instead."""


@contextmanager
def changed(changes: Changes) -> Iterator[None]:
    with ExitStack() as stack:
        for target, instead in changes.items():
            stack.enter_context(patch(target, instead))
        yield


def wanted(variants: Mapping[str, Changes], words: Sequence[str]) -> list[tuple[str, Changes]]:
    """Those with one of the words in their name; without words all. Ends the program where there is none."""
    chosen = [(name, changes) for name, changes in variants.items() if not words or any(word in name for word in words)]
    if not chosen:
        raise SystemExit(f"ablations: nothing is named like {', '.join(words)}; there are: {'; '.join(variants)}")
    return chosen


def _as_likely(columns: Sequence[NDArray[np.float64]], texts: Sequence[str]) -> NDArray[np.float64]:
    """What columns say that say nothing: every text is as likely."""
    return np.zeros(len(texts))


def _anywhere(columns: Sequence[NDArray[np.float64]], texts: Sequence[str]) -> list[Alignment]:
    """The same of every digit in its place."""
    return [Alignment(0.0, np.full((len(text), 10), 0.1), np.zeros(len(text))) for text in texts]


def _once(page: PreparedPage, reader: Reader) -> Characters:
    """The first look of `look.look`, and no second one."""
    scale = min(1.0, detector._FIRST_LOOK / max(page.darkness.shape), detector._LARGEST_INK / detector.ink_height(page.ink))
    return detector.look_at(page.darkness, scale, reader)


def _strip_once(strip: PreparedPage, reader: Reader) -> Characters:
    darkness = strip.darkness
    return detector.look_at(
        darkness, min(detector.STRIP_HEIGHT / len(darkness), detector._LONGEST_STRIP / darkness.shape[1]), reader
    )


_WEIGHTS = fusion_weights()


def _weighed(**exponents: float) -> Changes:
    """With these exponents of the voices in the place of what was fitted."""
    weights = replace(_WEIGHTS, alone=replace(_WEIGHTS.alone, **exponents))
    return {"digit_core.recognition.transcription.fusion.fusion_weights": lambda: weights}


_NO_CLASSIFIER = {"digit_core.recognition.acceptance.fusion_weights": lambda: replace(_WEIGHTS, classifier=0.0)}

# Without the columns the cells bear the whole exponent of both, or every digit would be unsure for no reason of its own.
_CELLS_ALONE = {
    **_weighed(detected=_WEIGHTS.alone.detected + _WEIGHTS.alone.read, read=0.0),
    "digit_core.recognition.transcription.fusion.log_likelihoods": _as_likely,
    "digit_core.recognition.transcription.fusion.aligned": _anywhere,
    "digit_core.recognition.transcription.fusion.best_text": lambda columns, nothing=1.0: "",
    "digit_core.recognition.transcription.fusion._certainty": lambda likely, mine: 1.0,
}
_ONE_LOOK = {"digit_core.recognition.numbers.look": _once, "digit_core.recognition.numbers.look_at_strip": _strip_once}

STAGES: dict[str, Changes] = {
    "everything": {},
    "without the classifier": _NO_CLASSIFIER,
    "digits by the classifier alone": {"digit_core.recognition.acceptance.fused": lambda probabilities, evidence: probabilities},
    "without the columns (CTC)": _CELLS_ALONE,
    "which digit by the columns alone": {
        **_weighed(detected=0.0, read=_WEIGHTS.alone.detected + _WEIGHTS.alone.read),
        **_NO_CLASSIFIER,
    },
    "without the surer digits alone": {"digit_core.recognition.transcription.fusion._SURER": 0.0},
    "without the columns' own text": _weighed(clearly=np.inf),
    "without doubt of the number's length": {"digit_core.recognition.transcription.fusion._certainty": lambda likely, mine: 1.0},
    "strips of one size of figures": {"digit_core.recognition.numbers.FIGURES": (25.0,)},
    "cells of the page alone": {**_CELLS_ALONE, **_NO_CLASSIFIER},
    "without the second look at the figures' size": _ONE_LOOK,
    "without what faint ink gains": {
        "digit_core.recognition.detector.strengthened": lambda darkness: darkness,
        "digit_core.recognition.transcription.number_strip.strengthened": lambda darkness: darkness,
    },
    "print told of each number alone": {"digit_core.recognition.pipeline.told_by_page": lambda found: found},
    "without asking whether a number stands there": {"digit_core.recognition.acceptance._LEAST_SEEN": -np.inf},
    "print told without likes on the page": {
        "digit_core.recognition.print_detection.by_likes": lambda odds, owner, digits, crops: odds
    },
    "without lifting rulings off the ink": {"digit_core.imaging.prepare.lift_rulings": lambda ink, horizontal, vertical: ink},
    "without rulings that part numbers": {"digit_core.recognition.grouping._ruling_between": lambda a, b, page: False},
    "without telling rulings from digits": {"digit_core.recognition.numbers.not_rulings": lambda found, darkness, maps: found},
    "strips: all that is in them is the number": {"digit_core.recognition.numbers.main_line": lambda found: found},
    "without levelling the page": {"digit_core.imaging.prepare.estimate_skew": lambda darkness, limit: 0.0},
    "without the paper's own brightness": {"digit_core.imaging.prepare.flatten": lambda scan, paper: ~scan},
}

STRIP_STAGES: dict[str, Changes] = {
    "strips: a sloping line stays as it is": {"digit_core.recognition.numbers.slope_of": lambda found: 0.0},
    "strips: what lies beside the digits is not shown": {
        "digit_core.recognition.numbers.ink_beside": lambda page, digits: np.empty((0, 4), np.float32)
    },
    "strips: the paper's pattern stays": {"digit_core.recognition.transcription.views._PATTERNED": 255.0},
    "strips: always also without the paper's pattern": {"digit_core.recognition.transcription.views._PATTERNED": -1.0},
    "strips: the paper by its brightest spot": {
        "digit_core.imaging.prepare_strip.estimate_paper": lambda part, share, blurred: np.full_like(part, part.max())
    },
    "strips: gutter and border stay": {"digit_core.imaging.prepare_strip._own_paper": lambda scan: (scan, 0, 0)},
}
"""What only a strip has; left out on real collections."""
