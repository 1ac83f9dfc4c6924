"""The result of a promotion, for the process that started it. No orchestrator is imported here."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from digit_core.evaluation.gate_report import FigureRow


@dataclass(frozen=True)
class Promoted:
    """Result: `version` is the champion now, `before` the previous one; equal where there was nothing to do."""

    version: str
    before: str
    report: str = ""


@dataclass(frozen=True)
class Figures:
    """Measurements of both versions."""

    champion: str
    challenger: str
    rows: tuple[FigureRow, ...]


on_figures: ContextVar[Callable[[Figures], None]] = ContextVar("on_figures", default=lambda figures: None)
"""Callback for the figures, called before the verdict; set before the flow is called."""
