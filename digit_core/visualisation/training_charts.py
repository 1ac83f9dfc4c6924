"""Charts of a training: data in, PNG bytes out. matplotlib draws them without a screen."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from digit_core.evaluation.classifier_metrics import Labels, confusion, reliability, rocs, worst
from digit_core.evaluation.model_comparison import Probabilities, class_name, risk_by_review
from digit_core.records import NOT_A_DIGIT, Crops
from digit_core.visualisation.page_overlay import contact_sheet, to_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.55"  # distinguishable with red-green colour blindness
WORST = 60


def curves(history: Sequence[Mapping[str, float]], title: str) -> bytes:
    """Draw loss and accuracy over the epochs, of training and validation digits."""
    figure = _figure(9.5, 4.2)
    epochs = np.arange(1, len(history) + 1)
    for axes, what in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for kind, colour, style in (("train", BLUE, "-"), ("validation", ORANGE, "--")):
            values = [epoch[f"{kind}_{what}"] for epoch in history]
            axes.plot(epochs, values, style, color=colour, label=kind, marker="." if len(history) < 30 else None)
        axes.set(xlabel="epoch", ylabel=what, title=f"{what} by epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    figure.suptitle(title)
    return _png(figure)


def confusion_matrix(probabilities: Probabilities, labels: Labels, title: str) -> bytes:
    """Draw true classes (rows) against predicted ones (columns); errors are coloured by the share of their row."""
    counts = confusion(probabilities, labels)
    shown = [label for label in range(len(counts)) if counts[label].any() or counts[:, label].any()]
    counts = counts[np.ix_(shown, shown)]
    shares = 100 * counts * ~np.eye(len(shown), dtype=bool) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = _figure(7, 6.2)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Oranges", vmin=0)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if row == column else "normal"
            colour = "white" if shares[row, column] > 0.6 * shares.max() else "black"
            axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=8, fontweight=weight, color=colour)
    names = ["none" if label == NOT_A_DIGIT else str(label) for label in shown]
    axes.set_xticks(range(len(shown)), names)
    axes.set_yticks(range(len(shown)), names)
    axes.set(xlabel="taken for", ylabel="is", title=title)
    figure.colorbar(image, ax=axes, label="mistaken, % of its row", shrink=0.85)
    return _png(figure)


def roc_curves(probabilities: Probabilities, labels: Labels, title: str) -> bytes:
    """Draw each class against the others, the false positive rate on a logarithmic scale: on a linear one all lie in the
    corner."""
    figure = _figure(7.5, 5)
    axes = figure.add_subplot()
    colours = _many_colours()
    floor = 0.5 / max(len(labels), 1)
    for label, curve in rocs(probabilities, labels).items():
        name = f"{class_name(label)}: AUC {curve.auc:.5f}"
        axes.step(np.maximum(curve.false, floor), curve.true, where="post", color=colours[label], label=name, linewidth=1.2)
    axes.set_xscale("log")
    axes.set(xlabel="share of the others taken for it", ylabel="share of its digits found", title=title, ylim=(0.8, 1.003))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    return _png(figure)


def reliability_diagram(probabilities: Probabilities, labels: Labels, title: str) -> bytes:
    """Draw share right against confidence, and below the number of digits."""
    found = reliability(probabilities, labels)
    figure = _figure(6, 6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linewidth=1, label="honest")
    upper.plot(found.confidence, found.right, "o-", color=BLUE, label=f"measured, ECE {found.ece:.4f}")
    upper.set(ylabel="share right", title=title, xlim=(0, 1.02), ylim=(0, 1.05))
    upper.legend(loc="upper left")
    lower.bar(found.confidence, found.count, width=0.04, color=BLUE)
    lower.set_yscale("log")
    lower.set(xlabel="confidence", ylabel="digits")
    for axes in (upper, lower):
        axes.grid(visible=True, alpha=0.3)
    return _png(figure)


def risk_coverage(probabilities: Probabilities, labels: Labels, title: str) -> bytes:
    """Draw wrong digits among the accepted against the share accepted, highest confidence first (El-Yaniv and Wiener, JMLR
    2010)."""
    review, error = risk_by_review(probabilities, labels)
    figure = _figure(7.5, 4.5)
    axes = figure.add_subplot()
    axes.step(100 * (1 - review), 100 * error, where="pre", color=BLUE, label=f"all accepted: {error[0]:.2%} wrong")
    axes.axhline(0.14, color=ORANGE, linewidth=1, linestyle="--", label="0.14 %")
    axes.set(xlabel="accepted without review (%)", ylabel="wrong among them (%)", title=title, ylim=(0, None))
    axes.set_xlim(max(0, 100 * (1 - 8 * max(error[0], 0.005))), 100)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    return _png(figure)


def worst_mistakes(crops: Crops, probabilities: Probabilities, labels: Labels, title: str) -> bytes:
    """Draw the wrong answers of highest confidence: true class > predicted class, and the confidence."""
    rows = worst(probabilities, labels, WORST)
    answers = probabilities[rows].argmax(axis=1)
    captions = [
        f"{_short(true)} > {_short(answer)}  {probabilities[row].max():.3f}"
        for row, true, answer in zip(rows, labels[rows], answers, strict=True)
    ]
    return to_png(contact_sheet([255 - crop for crop in crops[rows]], captions, title=title))


def training_charts(
    history: Sequence[Mapping[str, float]], crops: Crops, probabilities: Probabilities, labels: Labels, name: str
) -> dict[str, bytes]:
    """Draw all charts, as PNG files by name."""
    on = f"{name}, {len(labels):,} test digits"
    return {
        "curves.png": curves(history, name),
        "confusion.png": confusion_matrix(probabilities, labels, f"Confusion: {on}"),
        "roc.png": roc_curves(probabilities, labels, f"ROC: {on}"),
        "calibration.png": reliability_diagram(probabilities, labels, f"Calibration: {on}"),
        "risk-coverage.png": risk_coverage(probabilities, labels, f"Risk and coverage: {on}"),
        "worst-mistakes.png": worst_mistakes(crops, probabilities, labels, f"{name}: the surest mistakes"),
    }


def _short(label: int) -> str:
    return "-" if label == NOT_A_DIGIT else str(label)


def _many_colours() -> list[str]:
    """Return one colour for each of the eleven classes, black for non-digits."""
    return [f"C{label}" for label in range(NOT_A_DIGIT)] + ["black"]


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure  # takes 0.3 s; drawn without pyplot, so that no screen is needed

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _png(figure: Figure) -> bytes:
    sink = io.BytesIO()
    figure.savefig(sink, format="png")
    return sink.getvalue()
