"""Fits what each voice weighs in the decision of a number, and what the joint confidence is worth, on real collections.

    python -m tests.benchmarks.fit_fusion                  # fit, report, and write digit_core/model/fusion.json
    python -m tests.benchmarks.fit_fusion --report         # report what the shipped weights do, and write nothing

Each collection is judged by weights that were fitted on the others. Collections that are for measuring only are never fitted on.
`--cache FOLDER` keeps what the second reader says of each strip, so that a fit with another strip reader takes minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.record import CalibrationRecord
from digit_core.imaging.decode import decode_page
from digit_core.imaging.digit_crop import mnist_crops
from digit_core.imaging.prepare import PreparedPage
from digit_core.imaging.prepare_strip import prepare_strip
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import Columns, OnnxReader
from digit_core.inference.second_reader import SecondReader
from digit_core.inference.shipped import FINDER, READER, SECOND_READER, SHIPPED_DETECTOR, SHIPPED_STRIP_READER
from digit_core.params import DecodeLimits, SecondOpinion, SegmentationParams
from digit_core.recognition.digit_segmentation import digit_ink
from digit_core.recognition.transcription import fusion
from digit_core.recognition.transcription.ctc import Alignment, aligned, log_likelihoods
from digit_core.recognition.transcription.fusion import FoundNumber, Proposal
from digit_core.recognition.transcription.fusion_weights import (
    MOST_MARGIN,
    SHIPPED_WEIGHTS,
    Calibration,
    FusionWeights,
    Heard,
    Voices,
    fusion_weights,
)
from digit_core.recognition.transcription.second_opinion import BESIDE_IN_STRIP, strip_of_scan
from digit_core.recognition.transcription.views import find_in_views
from digit_core.records import NOT_A_DIGIT, Grey
from tasks.adapters.registry.second_network import second_network
from tests.benchmarks.real_sets import SETS, RealSet, pictures

THRESHOLD = 0.97
_PLAIN = Calibration(1.0, 0.0)
_NEARLY = 1.03
"""Loss, against the least, at which voices do nearly as well as the best."""

_UNSEEN = 0.7
"""Log odds by which a number that our own networks read alone is less sure than it is on collections that they learned from: on
others they are surer of themselves than they may be."""

_MOST_SLOPE, _LEAST_MARGIN = 1.0, 0.03
"""Care for collections that nothing was fitted on: no confidence is made more extreme than the voices together have it, and a
second reader that sees other digits makes a number less sure, even where the collections of the fit do not need either.
"""

_KNOWN_HANDS = {one.name for one in SETS if one.known_hands}
"""Collections whose writers our strip reader knows: they would give it more weight than it is worth elsewhere."""

_NOT_YET = dict.fromkeys(Heard, _PLAIN)

ALONE = [Voices(d, r, 0.0, 1.0) for d, r in product((0.0, 0.16), (0.3, 0.5, 0.7, 0.9))]
TOGETHER = [Voices(d, r, s, 1.0) for d, r, s in product((0.0, 0.1), (0.1, 0.15, 0.3, 0.45, 0.6), (0.35, 0.5, 0.75, 1.0))]
"""Voices that are tried."""


class KeptReader:
    """The second reader, whose answers are kept in a folder under the hash of what it was shown."""

    def __init__(self, reader: SecondReader, folder: Path | None) -> None:
        self._reader, self._folder = reader, folder

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        return [self._one(strip) for strip in strips]

    def _one(self, strip: Grey) -> Columns:
        if self._folder is None:
            return self._reader.read([strip])[0]
        path = self._folder / f"{hashlib.sha256(repr((SECOND_READER, strip.shape)).encode() + strip.tobytes()).hexdigest()}.npy"
        if not path.exists():
            np.save(path, self._reader.read([strip])[0])
        return np.asarray(np.load(path, allow_pickle=False))


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A picture with its truth; as prepared, what was proposed (without and with the second reader), and for both the texts and
    the likelihood of each by each voice. No proposal where nothing was found. laid: texts that were laid along the columns.
    """

    truth: str
    page: PreparedPage
    proposals: tuple[Proposal, ...]
    texts: tuple[list[str], ...]
    likely: tuple[NDArray[np.float64], ...]
    laid: dict[tuple[bool, str], list[Alignment]]

    def along(self, asked: bool, text: str) -> list[Alignment]:
        """The text along the columns of each voice; kept, as most weights choose the same few."""
        if (asked, text) not in self.laid:
            columns = [columns for columns, _ in self.proposals[asked].voices(fusion_weights())]
            self.laid[asked, text] = aligned(columns, [text] * len(columns))
        return self.laid[asked, text]


def case_of(data: bytes, truth: str, reader: OnnxReader, second: KeptReader) -> Case:
    strip = prepare_strip(decode_page(data, 0, DecodeLimits()).pixels, SegmentationParams())
    found = find_in_views(strip, reader)
    if found is None or found[1].proposal is None:
        return Case(truth, strip, (), (), (), {})
    page, alone = found[0], found[1].proposal
    (columns,) = second.read([strip_of_scan(page, alone.digits.boxes, BESIDE_IN_STRIP)])
    return case_from(truth, page, alone, columns)


def case_from(truth: str, page: PreparedPage, alone: Proposal, second: Columns) -> Case:
    proposals = (alone, replace(alone, second=second))
    spoken = [[columns for columns, _ in one.voices(fusion_weights())] for one in proposals]
    texts = tuple(fusion._texts(one, own) for one, own in zip(proposals, spoken, strict=True))
    likely = tuple(
        log_likelihoods([c for _ in row for c in own], [text for text in row for _ in own]).reshape(len(row), -1)
        for row, own in zip(texts, spoken, strict=True)
    )
    return Case(truth, page, proposals, texts, likely, {})


def decided(case: Case, asked: bool, weights: FusionWeights) -> FoundNumber | None:
    """The case's number as the product decides it with these weights, out of what was kept."""
    if not case.proposals:
        return None
    one = case.proposals[asked]
    voices = one.voices(weights)
    likely = case.likely[asked] @ np.array([weight for _, weight in voices])
    choice = fusion._choice(one, case.texts[asked], likely, weights)
    number = fusion._number(one, choice, voices, case.along(asked, choice.text), weights)
    margin = fusion.margin_of(choice.text, case.texts[asked], case.likely[asked][:, -1]) if asked else None
    return replace(number, margin=margin)


def loss(number: FoundNumber | None, truth: str) -> float:
    """Minus the log of the probability that the voices give to the truth; at most 8."""
    if number is None:
        return 8.0
    if len(number.boxes) != len(truth):
        return min(8.0, -float(np.log(max(1 - number.certainty, 3e-4))))
    own = number.evidence[np.arange(len(truth)), [int(digit) for digit in truth]].astype(np.float64)
    return min(8.0, -float(np.log(np.maximum(own, 1e-9)).sum() + np.log(number.certainty)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read, how sure all voices are of all of it and of each digit (not calibrated), the second reader's margin (None
    where it was not asked), and whether it is right.
    """

    digits: str
    said: float
    margin: float | None
    right: bool
    each: tuple[float, ...] = ()

    def worth(self, said: float, weights: FusionWeights) -> float:
        """What a confidence is worth that was reached on this number."""
        return weights.calibrated(said, len(self.digits), self.margin)


def answers(cases: Sequence[Case], asked: bool, weights: FusionWeights, classifier: OnnxRecogniser) -> list[Answer]:
    return [_answer(case, decided(case, asked, weights), weights, classifier) for case in cases]


def _answer(case: Case, number: FoundNumber | None, weights: FusionWeights, classifier: OnnxRecogniser) -> Answer:
    if number is None:
        return Answer("", 0.0, None, not case.truth)
    crops = mnist_crops([ink for _, ink in digit_ink(case.page.darkness, case.page.ink, number.boxes)])
    rows = np.power(np.maximum(classifier(crops), 1e-9), weights.classifier) * np.maximum(number.evidence, 1e-9)
    rows = rows / rows.sum(axis=1, keepdims=True)
    digits = "".join(str(label) for label in rows.argmax(axis=1) if label != NOT_A_DIGIT)
    margin = -abs(number.margin) if number.margin is not None and digits != number.text else number.margin
    each = tuple(float(row.max()) * number.certainty for row in rows if row.argmax() != NOT_A_DIGIT)
    return Answer(digits, float(rows.max(axis=1).prod()) * number.certainty, margin, digits == case.truth, each)


def fitted_calibrations(given: Mapping[str, Sequence[Answer]]) -> dict[Heard, Calibration]:
    """What our own networks say alone is taken with care."""
    alone, together = (fitted_calibration(given, asked) for asked in (False, True))
    return {Heard.ALONE: replace(alone, offset=alone.offset - _UNSEEN), Heard.TOGETHER: together}


def fitted_calibration(given: Mapping[str, Sequence[Answer]], asked: bool) -> Calibration:
    """The calibration by which the answers of these collections, with or without the second reader, are likeliest; each
    collection counts the same. Surer voices, a greater margin and more digits never make a number less sure.
    """
    own = {name: [one for one in many if (one.margin is not None) is asked and one.digits] for name, many in given.items()}
    answers_ = [one for many in own.values() for one in many]
    share = np.concatenate([np.full(len(many), 1 / len(many)) for many in own.values() if many])
    right = np.array([one.right for one in answers_], float)
    said = np.clip([one.said for one in answers_], 1e-9, 1 - 1e-9)
    margins = np.clip([one.margin or 0.0 for one in answers_], -MOST_MARGIN, MOST_MARGIN)
    told = np.stack(
        [np.log(said / (1 - said)), np.ones(len(said)), margins, np.log([max(1, len(one.digits)) for one in answers_])], axis=1
    )
    usual = np.array([0.5, 0.0, 0.0, 0.0])

    def missed(values: NDArray[np.float64]) -> float:
        scores = told @ values
        slack = 0.004 * np.square(values - usual).sum()
        return float((share * (np.logaddexp(0, scores) - right * scores)).sum() + slack)

    from scipy.optimize import minimize

    bounds = ((0.05, _MOST_SLOPE), (-6.0, 6.0), (_LEAST_MARGIN if asked else 0.0, 2.0), (0.0, 2.0))
    slope, offset, margin, length = minimize(missed, usual, method="L-BFGS-B", bounds=bounds).x.tolist()
    return Calibration(slope, offset, margin, length)


def fitted(names: Sequence[str], cases: Mapping[str, Sequence[Case]], losses: Any, classifier: OnnxRecogniser) -> FusionWeights:
    """The weights that do best on these collections; the voices by those of new hands, as a page from elsewhere is."""
    new_hands = [name for name in names if name not in _KNOWN_HANDS] or names
    alone = ALONE[int(np.mean([losses[name, False] for name in new_hands], axis=0).argmin())]
    together = _careful(np.mean([losses[name, True] for name in new_hands], axis=0))
    weights = FusionWeights(alone, together, fusion_weights().classifier, _NOT_YET)
    both = {
        name: [*answers(cases[name], False, weights, classifier), *answers(cases[name], True, weights, classifier)]
        for name in names
    }
    return replace(weights, calibration=fitted_calibrations(both))


def _careful(losses: NDArray[np.float64]) -> Voices:
    """Of the voices that do nearly as well as the best, those that trust our own reader least against the second one.

    Ours learned from other numbers of the collections that are fitted on, the second did not: elsewhere ours is worth less.
    """
    near = [voices for voices, one in zip(TOGETHER, losses, strict=True) if one <= _NEARLY * losses.min()]
    return min(near, key=lambda voices: (voices.read / voices.second, -voices.second))


def tried(cases: Mapping[str, Sequence[Case]]) -> dict[tuple[str, bool], NDArray[np.float64]]:
    """The mean loss of each collection under all voices that are tried."""
    found = {}
    for name, own in cases.items():
        for asked, many in ((False, ALONE), (True, TOGETHER)):
            each = (FusionWeights(voices, voices, 0.0, _NOT_YET) for voices in many)
            found[name, asked] = np.array(
                [np.mean([loss(decided(case, asked, one), case.truth) for case in own]) for one in each]
            )
    return found


def line(name: str, kind: str, given: Sequence[Answer], weights: FusionWeights) -> str:
    """Of a collection: exact, wrong among the surest half, accepted at the threshold, and wrong of these."""
    sure = np.array([one.worth(one.said, weights) if one.digits else 0.0 for one in given])
    right = np.array([one.right for one in given])
    half = np.argsort(-sure, kind="stable")[: len(sure) // 2]
    accepted = sure >= THRESHOLD
    wrong = int((~right[accepted]).sum())
    return (
        f"{name:22} {kind:9} {100 * right.mean():5.1f} exact  {100 * (1 - right[half].mean()):5.2f} wrong of the surest half  "
        f"{int(accepted.sum()):4} of {len(given):4} accepted, {wrong:3} wrong"
    )


def digits_of(case: Case, answer: Answer, weights: FusionWeights) -> list[tuple[float, bool]]:
    """(confidence, right) of every digit that was read, and of every one that was missed: that is as sure as the least sure."""
    sure = [answer.worth(said, weights) for said in answer.each]
    same = SequenceMatcher(None, answer.digits, case.truth, autojunk=False).get_matching_blocks()
    right = {block.a + i for block in same for i in range(block.size)}
    missed = max(0, len(case.truth) - len(answer.digits)) if sure else 0
    return [*((one, i in right) for i, one in enumerate(sure)), *([(min(sure, default=0.0), False)] * missed)]


def recorded(
    cases: Mapping[str, Sequence[Case]], weights_for: Mapping[str, FusionWeights], classifier: OnnxRecogniser
) -> CalibrationRecord:
    """What the confidence of a digit is worth where the second reader is asked as the settings have it by default, each
    collection read by weights from the others.
    """
    pairs: list[tuple[float, bool]] = []
    for name, own in cases.items():
        weights = weights_for[name]
        alone, both = answers(own, False, weights, classifier), answers(own, True, weights, classifier)
        for case, ours, together in zip(own, alone, both, strict=True):
            number = decided(case, False, weights)
            asked = number is not None and SecondOpinion().asked([weights.calibrated(number.confidence, len(number.boxes), None)])
            pairs += digits_of(case, together if asked else ours, weights)
    return CalibrationRecord.of(np.array([sure for sure, _ in pairs]), np.array([right for _, right in pairs], bool))


def second_alone(cases: Sequence[Case]) -> float:
    reads = [fusion.best_text(fusion.digits_only(c.proposals[1].second)) if c.proposals else "" for c in cases]
    return float(np.mean([text == case.truth for text, case in zip(reads, cases, strict=True)]))


def report(
    cases: Mapping[str, Sequence[Case]], weights_for: Mapping[str, FusionWeights], classifier: OnnxRecogniser
) -> Iterator[str]:
    for name, own in cases.items():
        weights = weights_for[name]
        yield f"{name:22} second    {100 * second_alone(own):5.1f} exact"
        yield line(name, "ours", answers(own, False, weights, classifier), weights)
        yield line(name, "together", answers(own, True, weights, classifier), weights)


def origin(sets: Sequence[RealSet], cases: Mapping[str, Sequence[Case]], options: argparse.Namespace) -> dict[str, Any]:
    """What the weights come from."""
    files = {FINDER: options.detector, READER: options.strip_reader, SHIPPED_MODEL.name: SHIPPED_MODEL}
    networks = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    return {
        "program": "tests/benchmarks/fit_fusion.py",
        "sets": {one.name: {"file": one.file, "split": one.split, "numbers": len(cases[one.name])} for one in sets},
        "networks": networks | {"second reader": SECOND_READER},
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true", help="report what the shipped weights do, and write nothing")
    parser.add_argument("--cache", type=Path, help="folder that keeps what the second reader says")
    parser.add_argument("--home", type=Path, default=Path("~/.digits").expanduser(), help="folder of downloaded networks")
    parser.add_argument("--detector", type=Path, default=SHIPPED_DETECTOR, help="detector to read by")
    parser.add_argument("--strip-reader", type=Path, default=SHIPPED_STRIP_READER, help="strip reader to read by")
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED_WEIGHTS, help="file that the weights are written to")
    parser.add_argument("--most", type=int, default=10**6, help="numbers of a collection at most")
    parser.add_argument("--measured", type=int, default=10**6, help="numbers of a collection that is for measuring only, at most")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.cache is not None:
        options.cache.mkdir(parents=True, exist_ok=True)
    reader, classifier = OnnxReader(options.detector, options.strip_reader), OnnxRecogniser(SHIPPED_MODEL, "shipped")
    second = KeptReader(SecondReader(second_network(options.home / "models")), options.cache)
    mosts = {False: options.most, True: min(options.most, options.measured)}
    sets = [replace(one, most=min(one.most, mosts[one.measures])) for one in SETS]
    cases = {one.name: [case_of(*pair, reader, second) for pair in pictures(one)] for one in sets}
    cases = {name: own for name, own in cases.items() if own}
    learned = [one for one in sets if not one.measures]
    if options.report:
        print("\n".join(report(cases, dict.fromkeys(cases, fusion_weights()), classifier)))
        return
    losses = tried({one.name: cases[one.name] for one in learned})
    names = [one.name for one in learned]
    weights = fitted(names, cases, losses, classifier)
    others = {name: fitted([other for other in names if other != name], cases, losses, classifier) for name in names}
    record = recorded({name: cases[name] for name in names}, others, classifier)
    text = json.dumps(
        {"weights": weights.to_json(), "origin": origin(learned, cases, options), "record": record.to_json()}, indent=2
    )
    options.output.write_text(text + "\n", encoding="utf-8")
    print("\n".join(report(cases, dict.fromkeys(cases, weights) | others, classifier)))


if __name__ == "__main__":
    main()
