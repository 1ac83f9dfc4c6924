"""Charts of a comparison: right answers by class, review against error, and the digits that the two read differently."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from digit_core.evaluation.model_comparison import SetComparison, Trial, class_name, differing, risk_by_review
from digit_core.records import NOT_A_DIGIT
from digit_core.visualisation.page_overlay import contact_sheet, to_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHAMPION, CHALLENGER = "#0072B2", "#D55E00"  # distinguishable with red-green colour blindness
SHOWN = 60
_MOST_ERROR = 0.01


def pictures(trial: Trial, compared: SetComparison, residual_error: float) -> dict[str, bytes]:
    """Return PNG files by name, for one held-out set."""
    stem = compared.name.replace(" ", "-").lower()
    return {
        f"{stem}-classes.png": by_class(compared),
        f"{stem}-review.png": review_against_error(trial, residual_error),
        f"{stem}-differences.png": differences(trial),
    }


def by_class(compared: SetComparison) -> bytes:
    """Draw the share of each class that champion and challenger have right."""
    figure, axes = _axes()
    shares = 100 * np.array([(one.share.champion, one.share.challenger) for one in compared.classes if one.digits])
    names = [class_name(label) for label, one in enumerate(compared.classes) if one.digits]
    x = np.arange(len(names))
    axes.vlines(x, shares.min(axis=1), shares.max(axis=1), color="0.6", linewidth=2, zorder=1)
    axes.scatter(x, shares[:, 0], s=60, color=CHAMPION, marker="o", label="champion", zorder=2)
    axes.scatter(x, shares[:, 1], s=60, color=CHALLENGER, marker="D", label="challenger", zorder=2)
    axes.set_xticks(x, names)
    axes.set_xlabel("class")
    axes.set_ylabel("right (%)")
    axes.set_title(f"Right answers by class, {compared.name}")
    return _png(figure, axes)


def review_against_error(trial: Trial, residual_error: float) -> bytes:
    """Draw the share to review against the error that stays among the accepted digits."""
    figure, axes = _axes()
    lines = (("champion", trial.champion, CHAMPION, "-"), ("challenger", trial.challenger, CHALLENGER, "--"))
    for name, probabilities, colour, style in lines:
        review, error = risk_by_review(probabilities, trial.held_out.labels)
        fewest = np.minimum.accumulate(review[np.argsort(error, kind="stable")])
        axes.step(100 * np.sort(error), 100 * fewest, style, where="post", color=colour, label=name, linewidth=2)
    axes.axvline(100 * residual_error, color="0.5", linewidth=1, label=f"{residual_error:.2%} may be wrong")
    axes.set_xlim(0, 100 * _MOST_ERROR)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("wrong among the accepted digits (%)")
    axes.set_ylabel("digits for review (%)")
    axes.set_title(f"What review costs, {trial.held_out.name}")
    return _png(figure, axes)


def differences(trial: Trial) -> bytes:
    """Draw the digits that just one of the two has right: true class, champion's and challenger's reading."""
    rows = differing(trial, SHOWN)
    labels = (trial.held_out.labels[rows], trial.champion[rows].argmax(axis=1), trial.challenger[rows].argmax(axis=1))
    captions = [f"{_short(true)}: {_short(old)} > {_short(new)}" for true, old, new in zip(*labels, strict=True)]
    title = f"{trial.held_out.name}: what it is: champion > challenger (- is no digit)"
    return to_png(contact_sheet([255 - crop for crop in trial.held_out.images[rows]], captions, title=title))


def _short(label: int) -> str:
    return "-" if label == NOT_A_DIGIT else str(label)


def _axes() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure  # takes 0.3 s, and few commands draw charts

    figure = Figure(figsize=(8, 4.5), dpi=110, layout="constrained")
    return figure, figure.add_subplot()


def _png(figure: Figure, axes: Axes) -> bytes:
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    sink = io.BytesIO()
    figure.savefig(sink, format="png")
    return sink.getvalue()
