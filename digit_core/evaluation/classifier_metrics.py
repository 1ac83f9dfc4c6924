"""Metrics of a classifier on held-out digits: confusion, ROC, calibration, worst errors. Arrays in, numbers out.

`probabilities` are (n, 11) float32, `labels` (n,) from 0 to 10 everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.evaluation.model_comparison import CLASSES, Probabilities, class_name, review_share

BINS = 15
RESIDUAL_ERRORS = (0.0014, 0.01)
"""Shares of wrong digits among the accepted at which the share to review is reported."""

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Roc:
    """ROC curve from (0, 0) to (1, 1): false and true positive rates as the threshold falls."""

    false: Floats
    true: Floats

    @property
    def auc(self) -> float:
        """Return the area under the curve: the probability that a digit of the class scores higher than another one."""
        from sklearn.metrics import auc

        return float(auc(self.false, self.true))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability diagram: digits by confidence in non-empty bins of equal width, with mean confidence, share right and count."""

    confidence: Floats
    right: Floats
    count: NDArray[np.int64]

    @property
    def ece(self) -> float:
        """Return the expected calibration error: Naeini, Cooper, Hauskrecht (AAAI 2015), with the bins of Guo et al. (ICML
        2017)."""
        if not self.count.sum():
            return 0.0
        return float(np.average(np.abs(self.confidence - self.right), weights=self.count))


def accuracy(probabilities: Probabilities, labels: Labels) -> float:
    return float((probabilities.argmax(axis=1) == labels).mean())


def confusion(probabilities: Probabilities, labels: Labels) -> NDArray[np.int64]:
    """Count the confusions, (11, 11): true class in rows, predicted class in columns."""
    from sklearn.metrics import confusion_matrix

    return np.asarray(confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(CLASSES)), np.int64)


def roc(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> Roc:
    """Compute the ROC curve of one class against the others; digits of the same score pass together. Needs both kinds."""
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(positive, scores, drop_intermediate=False)
    return Roc(false, true)


def rocs(probabilities: Probabilities, labels: Labels) -> dict[int, Roc]:
    """Compute the ROC curves by class, for classes that occur and are not the only one."""
    seen = [label for label in np.unique(labels).tolist() if (labels != label).any()]
    return {label: roc(probabilities[:, label], labels == label) for label in seen}


def reliability(probabilities: Probabilities, labels: Labels) -> Reliability:
    confidence, right = probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == labels
    bins = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    sums = (np.bincount(bins, weights=values, minlength=BINS)[count > 0] for values in (confidence, right))
    mean, share = (total / count[count > 0] for total in sums)
    return Reliability(mean, share, count[count > 0])


def worst(probabilities: Probabilities, labels: Labels, most: int) -> NDArray[np.intp]:
    """Return the rows of wrong answers, highest confidence first; at most `most`."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:most]


def figures(probabilities: Probabilities, labels: Labels) -> dict[str, float]:
    """Return all figures by name: AUC of each class and their mean, calibration error, review shares."""
    curves = rocs(probabilities, labels)
    found = {f"auc_{class_name(label).replace(' ', '_')}": curve.auc for label, curve in curves.items()}
    found["auc_mean"] = float(np.mean(list(found.values())))
    found["ece"] = reliability(probabilities, labels).ece
    for error in RESIDUAL_ERRORS:
        found[f"review_at_error_{error:g}"] = review_share(probabilities, labels, error)
    return found
