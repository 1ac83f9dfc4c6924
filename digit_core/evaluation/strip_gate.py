"""The promotion gate for detector and strip reader: champion and challenger read the same held-out strips completely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.evaluation.gate_report import FigureRow
from digit_core.evaluation.model_comparison import Pair, Paired, mcnemar
from digit_core.evaluation.promotion_gate import GatePolicy, GateVerdict, p_text


@dataclass(frozen=True, slots=True, eq=False)
class StripAnswers:
    """Results on strips: whether each number was read exactly (n,) and its confidence (n,); strips per second, 0 where it was not
    measured."""

    right: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    speed: float

    @property
    def wrong_in_surest_half(self) -> int:
        """Count the wrong strips among the half with the highest confidence."""
        surest = np.argsort(self.confidence, kind="stable")[len(self.confidence) // 2 :]
        return int((~self.right[surest]).sum())


@dataclass(frozen=True, slots=True)
class StripComparison:
    """Both networks on one set of strips: numbers read exactly, wrong ones in the surest half, strips per second."""

    name: str
    exact: Paired
    sure_errors: tuple[int, int]
    speed: Pair


def compare_strips(name: str, champion: StripAnswers, challenger: StripAnswers) -> StripComparison:
    """Compare two results on the same strips, in the same order."""
    old, new = champion.right, challenger.right
    exact = Paired(len(old), int((old & new).sum()), int((old & ~new).sum()), int((~old & new).sum()))
    errors = champion.wrong_in_surest_half, challenger.wrong_in_surest_half
    return StripComparison(name, exact, errors, Pair(champion.speed, challenger.speed))


def strip_verdict(comparisons: Sequence[StripComparison], policy: GatePolicy) -> GateVerdict:
    """Refuse a challenger that reads fewer numbers, or makes more errors at high confidence, than chance explains, or is much
    slower; the reasons are in this order."""
    kinds = (_on_exact, _on_sure_errors, _on_speed)
    return GateVerdict(tuple(reason for kind in kinds for one in comparisons for reason in kind(one, policy)))


def _on_exact(one: StripComparison, policy: GatePolicy) -> Iterator[str]:
    exact = one.exact
    if exact.p_worse < policy.significance:
        yield (
            f"on {one.name} it reads {exact.share.challenger:.2%} of the numbers exactly, the champion "
            f"{exact.share.champion:.2%} ({exact.lost} lost, {exact.won} won, McNemar's p {p_text(exact.p_worse)})"
        )


def _on_sure_errors(one: StripComparison, policy: GatePolicy) -> Iterator[str]:
    old, new = one.sure_errors
    if mcnemar(new, old) < policy.significance:
        yield f"on {one.name} {new} of its surest half are wrong, of the champion's {old}"


def _on_speed(one: StripComparison, policy: GatePolicy) -> Iterator[str]:
    if one.speed.challenger < policy.min_speed * one.speed.champion:
        yield (
            f"on {one.name} it reads {one.speed.challenger:,.0f} strips/s, the champion {one.speed.champion:,.0f}; "
            f"at least {policy.min_speed:.0%} of that is required"
        )


def strip_figures(comparisons: Sequence[StripComparison]) -> list[FigureRow]:
    """Return the figures of both, as rows of a table."""
    return [row for one in comparisons for row in _rows(one)]


def _rows(one: StripComparison) -> Iterator[FigureRow]:
    share, (old, new) = one.exact.share, one.sure_errors
    yield f"{one.name} read exactly ({one.exact.digits:,} strips)", f"{share.champion:.2%}", f"{share.challenger:.2%}"
    yield "  only this one right (McNemar's p)", f"{one.exact.lost}", f"{one.exact.won} (p {p_text(one.exact.p_worse)})"
    yield "  wrong in the surest half", f"{old}", f"{new}"
    if one.speed.champion:
        yield "  strips/s", f"{one.speed.champion:,.0f}", f"{one.speed.challenger:,.0f}"


def strip_metrics(comparisons: Sequence[StripComparison]) -> dict[str, float]:
    """Return the challenger's figures under the names that MLflow shows."""
    found = {}
    for one in comparisons:
        name = one.name.replace(" ", "_")
        found[f"gate.{name}.exact"] = one.exact.share.challenger
        found[f"gate.{name}.wrong_in_surest_half"] = float(one.sure_errors[1])
    return found
