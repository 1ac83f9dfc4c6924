"""The gate's report, as Markdown for MLflow and as table rows for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from digit_core.evaluation.model_comparison import Comparison, Paired, SetComparison, class_name
from digit_core.evaluation.promotion_gate import GateVerdict, p_text

FigureRow = tuple[str, str, str]
"""Name of the figure, value of the champion, value of the challenger."""


def figures(comparison: Comparison) -> list[FigureRow]:
    """Return the figures of both models, most informative first."""
    rows = [row for one in comparison.sets for row in _set_rows(one, comparison.residual_error)]
    speed = comparison.speed
    rows.append(("digits/s", f"{speed.champion:,.0f}", f"{speed.challenger:,.0f}"))
    if comparison.parity is not None:
        rows.append(("ONNX and Keras differ by", "", f"{comparison.parity:.1g}"))
    return rows


def _set_rows(one: SetComparison, residual_error: float) -> Iterator[FigureRow]:
    share = one.total.share
    yield f"right on {one.name} ({one.total.digits:,} digits)", f"{share.champion:.2%}", f"{share.challenger:.2%}"
    yield "  only this one right (McNemar's p)", f"{one.total.lost}", f"{one.total.won} (p {p_text(one.total.p_worse)})"
    label = _lowest(one)
    recall = one.classes[label].share
    yield f'  its lowest class: "{class_name(label)}"', f"{recall.champion:.2%}", f"{recall.challenger:.2%}"
    yield f"  to review, {residual_error:.2%} wrong", f"{one.review.champion:.2%}", f"{one.review.challenger:.2%}"


def _lowest(one: SetComparison) -> int:
    """Return the class in which the challenger is worst."""
    return min(range(len(one.classes)), key=lambda label: one.classes[label].share.challenger)


def titled_table(verdict: GateVerdict, champion: str, challenger: str, rows: list[FigureRow]) -> str:
    """Format the verdict with its reasons, and the figures of both."""
    parts = [
        f"# Version {challenger} against champion {champion}: {'passed' if verdict.passed else 'refused'}",
        *([_bullets(verdict)] if verdict.reasons else []),
        _table(("", f"champion {champion}", f"challenger {challenger}"), rows),
    ]
    return "\n\n".join(parts)


def markdown(comparison: Comparison, verdict: GateVerdict, champion: str, challenger: str, pictures: list[str]) -> str:
    """Format the whole report; `pictures` are files beside it."""
    parts = [
        summary(comparison, verdict, champion, challenger),
        *(_class_table(one) for one in comparison.sets),
        *(f"![{name}]({name})" for name in pictures),
    ]
    return "\n\n".join(parts) + "\n"


def summary(comparison: Comparison, verdict: GateVerdict, champion: str, challenger: str) -> str:
    """Format the verdict with its reasons and the figures of both."""
    return titled_table(verdict, champion, challenger, figures(comparison))


def _bullets(verdict: GateVerdict) -> str:
    return "\n".join(f"- {reason}" for reason in verdict.reasons)


def _class_table(one: SetComparison) -> str:
    rows = [_class_row(class_name(label), paired) for label, paired in enumerate(one.classes) if paired.digits]
    return f"## {one.name}\n\n" + _table(("class", "digits", "champion", "challenger", "lost", "won", "p"), rows)


def _class_row(name: str, paired: Paired) -> tuple[str, ...]:
    share = paired.share
    counts = f"{paired.lost}", f"{paired.won}", p_text(paired.p_worse).removeprefix("= ")
    return name, f"{paired.digits:,}", f"{share.champion:.2%}", f"{share.challenger:.2%}", *counts


def _table(header: tuple[str, ...], rows: list[FigureRow] | list[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.strip() for cell in line) + " |" for line in lines)


def gate_metrics(comparison: Comparison) -> dict[str, float]:
    """Return the challenger's figures under the names that MLflow shows."""
    found = {"gate.digits_per_second": comparison.speed.challenger}
    for one in comparison.sets:
        name = one.name.replace(" ", "_").lower()
        found[f"gate.{name}.accuracy"] = one.total.share.challenger
        found[f"gate.{name}.review_share"] = one.review.challenger
    return found
