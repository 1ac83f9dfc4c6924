"""What a promotion comes to, for whoever started it in this process. Imports no orchestrator."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from digit_core.evaluation.gate_report import FigureRow


@dataclass(frozen=True)
class Promoted:
    """`version` is the champion now, `before` was it until now: the same where there was nothing to do."""

    version: str
    before: str
    report: str = ""


@dataclass(frozen=True)
class Figures:
    """What was measured of both versions."""

    champion: str
    challenger: str
    rows: tuple[FigureRow, ...]


on_figures: ContextVar[Callable[[Figures], None]] = ContextVar("on_figures", default=lambda figures: None)
"""Set before the flow is called; told of the figures before the verdict falls."""
