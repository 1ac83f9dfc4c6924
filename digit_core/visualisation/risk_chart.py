"""Chart of the error dial: the error for each share of review."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.binomial import upper_bound
from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import DialSetting, percent
from digit_core.params import CalibrationSet
from digit_core.visualisation.training_charts import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 300
_FLOOR = 1e-4  # a few thousand digits cannot show less


def dial_chart(
    records: Mapping[CalibrationSet, CalibrationRecord], dials: Mapping[CalibrationSet, Sequence[DialSetting]]
) -> bytes:
    """Draw a PNG with a panel for each ink: measured errors among the accepted, their upper bound, and the dial's guarantees.

    The curve is that of risk and coverage (El-Yaniv and Wiener, JMLR 11, 2010), over the share to review.
    """
    from matplotlib.figure import Figure  # drawn without pyplot, so that no screen is needed

    figure = Figure(figsize=(5.4 * len(records), 4.6), dpi=110, layout="constrained")
    for axes, (ink, record) in zip(figure.subplots(1, len(records), squeeze=False)[0], records.items(), strict=True):
        _panel(axes, record, dials[ink])
        axes.set_title(f"{ink} ink, {record.digits:,} held-out digits")
    sink = io.BytesIO()
    figure.savefig(sink, format="png")
    return sink.getvalue()


def _panel(axes: Axes, record: CalibrationRecord, dials: Sequence[DialSetting]) -> None:
    review, seen, bound = _curves(record, 1 - dials[0].certainty)
    axes.step(100 * review, 100 * np.maximum(seen, _FLOOR), where="post", color=BLUE, label="wrong among the accepted, measured")
    axes.step(100 * review, 100 * bound, where="post", color=GREY, linewidth=1, label="upper bound of each threshold alone")
    kept = [setting for setting in dials if setting.feasible]
    axes.plot(
        [100 * s.review_share for s in kept], [100 * s.target for s in kept], "o", color=ORANGE, label="guaranteed by the dial"
    )
    for setting in kept:
        place = 100 * setting.review_share, 100 * setting.target
        axes.annotate(percent(setting.target), place, xytext=(6, 4), textcoords="offset points", fontsize=8)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:g}")
    axes.set(xlabel="to review (%)", ylabel="wrong (%)", xlim=(0, 100 * _widest(kept)))
    axes.set_ylim(100 * _FLOOR, 300 * max(bound[0], *(setting.target for setting in kept), 0))
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.legend(fontsize=8)


def _widest(kept: Sequence[DialSetting]) -> float:
    """Return the largest share to review that is worth showing."""
    return min(1.0, max(0.02, 1.4 * max((setting.review_share for setting in kept), default=1.0)))


def _curves(record: CalibrationRecord, chance: float) -> tuple[NDArray[np.float64], ...]:
    """Return share to review, ascending; measured error and its upper bound at regular steps."""
    accepted = np.unique(np.linspace(1, record.digits, _POINTS * 4).astype(np.int64))[::-1]
    wrong = np.cumsum(~record.right)[accepted - 1]
    bound = np.array([upper_bound(int(k), int(n), chance) for k, n in zip(wrong, accepted, strict=True)])
    return 1 - accepted / record.digits, wrong / accepted, bound
