"""The promotion gate: by how much a challenger may be worse before it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from digit_core.errors import InputError
from digit_core.evaluation.model_comparison import CLASSES, Comparison, Paired, SetComparison, class_name
from digit_core.params import Params

MOST_SAID = 3
"""Reasons, and classes of a reason, that a refusal names; the report has all."""


@dataclass(frozen=True, slots=True)
class GatePolicy(Params):
    """Limits of the gate: a challenger need not be better, but must not be worse.

    It reads worse when it loses more than chance explains (McNemar's test at `significance`), or more than `max_accuracy_loss`. A
    class is read worse when more than `max_recall_loss` of it is lost, and that is more than chance explains (`significance`
    divided by the number of classes). The share to review may be `review_factor` times the champion's plus `review_slack`, at the
    same `residual_error` among the accepted. `parity` is the largest difference of a probability between its ONNX and its Keras
    file; `min_speed` a share of the champion's speed.
    """

    significance: float = 0.05
    max_accuracy_loss: float = 0.005
    max_recall_loss: float = 0.01
    residual_error: float = 0.0014
    review_factor: float = 1.25
    review_slack: float = 0.005
    parity: float = 1e-5
    min_speed: float = 1 / 3

    def __post_init__(self) -> None:
        for name in ("significance", "max_accuracy_loss", "max_recall_loss", "residual_error", "review_slack"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must lie in 0 to 1, not {getattr(self, name)}")
        for name in ("review_factor", "parity", "min_speed"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must not be negative, and is {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Verdict of the gate; `reasons` has one line for each limit exceeded, the most important first; none if it passed."""

    reasons: tuple[str, ...]

    @property
    def gist(self) -> str:
        """The most important reasons in one line, and the number of others."""
        more = len(self.reasons) - MOST_SAID
        return "; ".join([*self.reasons[:MOST_SAID], *([f"and {more} more"] if more > 0 else [])])

    @property
    def passed(self) -> bool:
        return not self.reasons


def verdict(comparison: Comparison, policy: GatePolicy) -> GateVerdict:
    """List all reasons against the challenger in plain words, in this order: its files differ, it reads worse in total, it
    loses classes, it sends more to review, it is slower."""
    on_sets = (reason for kind in (_on_total, _on_classes, _on_review) for one in comparison.sets for reason in kind(one, policy))
    return GateVerdict((*_on_file(comparison, policy), *on_sets, *_on_speed(comparison, policy)))


def _on_total(one: SetComparison, policy: GatePolicy) -> Iterator[str]:
    if one.total.loss > policy.max_accuracy_loss or one.total.p_worse < policy.significance:
        yield f"on {one.name} it reads {_shares(one.total)}"


def _on_classes(one: SetComparison, policy: GatePolicy) -> Iterator[str]:
    lost = [(label, counts) for label, counts in enumerate(one.classes) if _is_lost(counts, policy)]
    worst = sorted(lost, key=lambda entry: entry[1].loss, reverse=True)[:MOST_SAID]
    if lost:
        more = f" and {len(lost) - len(worst)} others" if len(lost) > len(worst) else ""
        yield f"on {one.name} it reads these classes worse: {', '.join(_class(*entry) for entry in worst)}{more}"


def _on_review(one: SetComparison, policy: GatePolicy) -> Iterator[str]:
    if one.review.challenger > policy.review_factor * one.review.champion + policy.review_slack:
        yield (
            f"on {one.name} it sends {one.review.challenger:.2%} of the digits to review, the champion "
            f"{one.review.champion:.2%}, when {policy.residual_error:.2%} of the accepted ones may be wrong"
        )


def _is_lost(counts: Paired, policy: GatePolicy) -> bool:
    return counts.loss > policy.max_recall_loss and counts.p_worse < policy.significance / CLASSES


def _class(label: int, counts: Paired) -> str:
    return f'"{class_name(label)}" {counts.share.challenger:.2%} right, the champion {counts.share.champion:.2%}'


def _shares(counts: Paired) -> str:
    share = counts.share
    return (
        f"{share.challenger:.2%} right, the champion {share.champion:.2%} "
        f"({counts.lost} lost, {counts.won} won, McNemar's p {p_text(counts.p_worse)})"
    )


def p_text(p: float) -> str:
    """Format a p-value: '= 0.013', or '< 1e-99' for a tiny one."""
    return f"= {p:.2g}" if p >= 1e-99 else "< 1e-99"


def _on_file(comparison: Comparison, policy: GatePolicy) -> Iterator[str]:
    if comparison.parity is not None and not comparison.parity <= policy.parity:
        yield (
            f"its ONNX file and its Keras file differ by {comparison.parity:.2g} in a probability, allowed is {policy.parity:g}: "
            "they are not the same model"
        )


def _on_speed(comparison: Comparison, policy: GatePolicy) -> Iterator[str]:
    speed = comparison.speed
    if speed.challenger < policy.min_speed * speed.champion:
        yield (
            f"it reads {speed.challenger:,.0f} digits/s, the champion {speed.champion:,.0f}; "
            f"at least {policy.min_speed:.0%} of that is required"
        )
