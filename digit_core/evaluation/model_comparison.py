"""Comparison of champion and challenger on the same held-out digits, figure by figure. Limits are in promotion_gate.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import RegistryError
from digit_core.inference.classifier import Recogniser
from digit_core.records import NOT_A_DIGIT, Crops

CLASSES = NOT_A_DIGIT + 1

Probabilities = NDArray[np.float32]
"""Shape (n, 11): calibrated probabilities of the ten digits and of "not a digit"."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Digits that no model was trained on: images (n, 28, 28) uint8, labels (n,) int64 from 0 to 10."""

    name: str
    images: Crops
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trial:
    """Answers of both models on the same digits."""

    held_out: HeldOut
    champion: Probabilities
    challenger: Probabilities


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure of both models."""

    champion: float
    challenger: float


@dataclass(frozen=True, slots=True)
class Paired:
    """Paired results on `digits` digits: `lost` only the champion has right, `won` only the challenger, `both` both."""

    digits: int
    both: int
    lost: int
    won: int

    @property
    def share(self) -> Pair:
        """Return the share that each has right; 1 of no digits at all."""
        if not self.digits:
            return Pair(1.0, 1.0)
        return Pair((self.both + self.lost) / self.digits, (self.both + self.won) / self.digits)

    @property
    def loss(self) -> float:
        """Return by how much the challenger's share is lower; negative if it is higher."""
        return self.share.champion - self.share.challenger

    @property
    def p_worse(self) -> float:
        return mcnemar(self.lost, self.won)


@dataclass(frozen=True, slots=True)
class SetComparison:
    """Results on one held-out set: all its digits, those of each of the 11 classes (recall), and the shares that go to review."""

    name: str
    total: Paired
    classes: tuple[Paired, ...]
    review: Pair


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures that the gate's verdict depends on.

    `speed` in digits per second. `parity`: largest difference between the challenger's ONNX and Keras outputs, None where the
    version has no Keras file. `residual_error`: share of errors among accepted digits at which `review` was measured.
    """

    sets: tuple[SetComparison, ...]
    speed: Pair
    parity: float | None
    residual_error: float


def mcnemar(lost: int, won: int) -> float:
    """Return the probability that a challenger as good as the champion would lose at least so many digits to it (one-sided).

    The exact test of Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages"
    (Psychometrika 12, 1947): digits that just one of the two has right fall to either with equal probability.
    """
    from scipy.stats import binomtest

    return float(binomtest(lost, lost + won, 0.5, alternative="greater").pvalue) if lost + won else 1.0


def held_out_sets(images: Crops, labels: NDArray[np.int64], seed: int = 0) -> tuple[HeldOut, HeldOut]:
    """Return the digits that the gate uses, made from MNIST's test digits: those, and the same ones in archive ink.

    Clean digits alone would favour a model that was never trained for archive material; a tenth of the second set are non-digits.
    The seed is fixed, so that every challenger gets the same digits.
    """
    from digit_core.synthesis.augmentation import archive_digits

    return HeldOut("MNIST test", images, labels), HeldOut(
        "archive ink", *archive_digits(images, labels, np.random.default_rng(seed))
    )


def put_to_trial(held_out: HeldOut, champion: Recogniser, challenger: Recogniser) -> Trial:
    """Run both models on the held-out digits. Raises RegistryError for a model whose output is not a classifier's."""
    return Trial(held_out, answers(champion, held_out.images), answers(challenger, held_out.images))


def answers(recogniser: Recogniser, crops: Crops) -> Probabilities:
    """Return the recogniser's probabilities, checked: (n, 11), finite. Raises RegistryError."""
    probabilities = recogniser(crops)
    if probabilities.shape != (len(crops), CLASSES):
        raise RegistryError(
            f"model version {recogniser.version} answers {len(crops)} digits with an array of shape {probabilities.shape}, "
            f"not ({len(crops)}, {CLASSES}): it is not a digit classifier; train it again"
        )
    if not np.isfinite(probabilities).all():
        raise RegistryError(f"model version {recogniser.version} gives probabilities that are not numbers; train it again")
    return probabilities


def compare(trial: Trial, residual_error: float) -> SetComparison:
    """Compute paired results and review shares of one held-out set."""
    labels = trial.held_out.labels
    champion, challenger = (model.argmax(axis=1) == labels for model in (trial.champion, trial.challenger))
    classes = tuple(_counts(champion[labels == label], challenger[labels == label]) for label in range(CLASSES))
    review = Pair(*(review_share(model, labels, residual_error) for model in (trial.champion, trial.challenger)))
    return SetComparison(trial.held_out.name, _counts(champion, challenger), classes, review)


def _counts(champion: NDArray[np.bool_], challenger: NDArray[np.bool_]) -> Paired:
    both, lost, won = champion & challenger, champion & ~challenger, ~champion & challenger
    return Paired(len(champion), int(both.sum()), int(lost.sum()), int(won.sum()))


def review_share(probabilities: Probabilities, labels: NDArray[np.int64], residual_error: float) -> float:
    """Return the smallest share to review, lowest confidence first, that leaves `residual_error` among the others."""
    review, error = risk_by_review(probabilities, labels)
    return float(review[error <= residual_error].min())


def risk_by_review(probabilities: Probabilities, labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for every threshold the share sent to review, ascending to 1, and the share of errors among the accepted.

    Digits of the same confidence cannot be separated by a threshold, so they are accepted together or not at all.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum((probabilities.argmax(axis=1) != labels)[order])
    last_of_ties = np.append(np.flatnonzero(np.diff(confidence[order])), len(order) - 1) if len(order) else np.empty(0, int)
    accepted = last_of_ties + 1
    review = 1 - accepted / max(len(order), 1)
    return np.append(review[::-1], 1.0), np.append((wrong[last_of_ties] / accepted)[::-1], 0.0)


def speeds(
    champion: Recogniser,
    challenger: Recogniser,
    crops: Crops,
    rounds: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> Pair:
    """Measure digits per second of both, in turns so that both see the same load of the machine; the best round counts."""
    models = (champion, challenger)
    for model in models:
        model(crops[:1])  # the first call prepares the session
    seconds = np.array([[_seconds(model, crops, clock) for model in models] for _ in range(rounds)])
    best = seconds.min(axis=0)
    return Pair(len(crops) / best[0], len(crops) / best[1])


def _seconds(model: Recogniser, crops: Crops, clock: Callable[[], float]) -> float:
    start = clock()
    model(crops)
    return max(clock() - start, 1e-9)


def differing(trial: Trial, most: int) -> NDArray[np.intp]:
    """Return the rows on which just one of the two is right, lost ones first, highest confidence first; at most `most`."""
    labels = trial.held_out.labels
    champion, challenger = (model.argmax(axis=1) == labels for model in (trial.champion, trial.challenger))
    lost = _surest(np.flatnonzero(champion & ~challenger), trial.challenger)
    won = _surest(np.flatnonzero(~champion & challenger), trial.champion)
    room_for_won = min(len(won), most // 2)
    return np.concatenate([lost[: most - room_for_won], won[: max(most - len(lost), room_for_won)]])


def _surest(rows: NDArray[np.intp], mistaken: Probabilities) -> NDArray[np.intp]:
    return rows[np.argsort(-mistaken[rows].max(axis=1), kind="stable")]


def class_name(label: int) -> str:
    """Return '0' to '9', or 'not a digit'."""
    return "not a digit" if label == NOT_A_DIGIT else str(label)
