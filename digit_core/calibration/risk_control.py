"""The error dial: from the tolerated share of wrong digits to the confidence threshold.

Selection with guaranteed risk, as in Geifman and El-Yaniv, "Selective classification for deep neural networks" (NeurIPS 2017).
Their bound pays for searching the threshold; here the thresholds are tested in an order that was fixed before any digit was seen,
down from a strict one until the first that fails, which costs nothing: fixed sequence testing as in Angelopoulos, Bates, Candès,
Jordan and Lei, "Learn then test" (2021). Each test is the exact binomial one of Clopper and Pearson (Biometrika 26, 1934).

The guarantee: with probability `certainty` over the held-out digits, the share of wrong digits among those accepted at the
threshold is at most `target`, for digits drawn like the held-out ones. It holds for single digits, not for whole numbers; for
each target, not for several at once; and not for digits that look different. The share counted in some further digits scatters
around the true one, so it may lie above the target although the guarantee holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, log, log1p, log10

import numpy as np
from numpy.typing import NDArray

from digit_core.calibration.binomial import upper_bound
from digit_core.calibration.record import CalibrationRecord
from digit_core.errors import InputError
from digit_core.params import CalibrationSet

CERTAINTY = 0.95

LADDER = (0.0005, 0.001, 0.0014, 0.0029, 0.005, 0.01, 0.02)
"""Targets of the printed table; people who key numbers leave 0.29 % wrong, and 0.14 % if each is keyed twice."""

STARTS = ((0.99, 0.9), (0.999, 0.1))
"""Confidences from which the tests go down, with their shares of the permitted doubt. One start would be the cheapest. The
second, strict one is for models and inks for which 0.99 is too lenient."""

_STEPS = 24  # thresholds per factor of ten in doubt
_LEAST_DOUBT = 1e-5  # from which a descent begins, however sure the record is


@dataclass(frozen=True, slots=True)
class DialSetting:
    """A threshold and its guarantee: at most `bound` (and so `target`) of the accepted digits are wrong, with `certainty`.

    threshold: digits of this confidence or more are accepted. observed_error, review_share: of the `calibration_digits`. Where
    nothing can be guaranteed, `feasible` is false and all digits go to review.
    """

    target: float
    certainty: float
    threshold: float
    bound: float
    observed_error: float
    review_share: float
    calibration_digits: int
    feasible: bool


def set_dial(record: CalibrationRecord, target: float, certainty: float = CERTAINTY) -> DialSetting:
    """Find the lowest threshold that keeps the target. Raises InputError unless target and certainty lie between 0 and 1."""
    _check_shares(target, certainty)
    nothing = DialSetting(target, certainty, 1.0, 1.0, 0.0, 1.0, record.digits, feasible=False)
    found = [_descend(record, nothing, 1 - start, (1 - certainty) * share) for start, share in STARTS]
    return min(found, key=lambda setting: (not setting.feasible, setting.threshold))


def set_dial_of_few(record: CalibrationRecord, target: float, certainty: float = CERTAINTY) -> DialSetting:
    """Set the dial for a small record, such as a pilot's hundred numbers; `feasible` is false where they cannot show the target.

    One descent, from the confidence which as many of the record have as the target needs if none of them is wrong. It depends on
    the confidences alone, so the guarantee holds as that of `set_dial` does where errors are not rarer at a lower confidence.
    Raises InputError unless target and certainty lie between 0 and 1.
    """
    _check_shares(target, certainty)
    nothing = DialSetting(target, certainty, 1.0, 1.0, 0.0, 1.0, record.digits, feasible=False)
    needed = ceil(log(1 - certainty) / log1p(-target))
    if record.digits < needed:
        return nothing
    return _descend(record, nothing, max(float(record.doubts[needed - 1]), _LEAST_DOUBT), 1 - certainty)


def _check_shares(target: float, certainty: float) -> None:
    for name, value in (("max error", target), ("certainty", certainty)):
        if not 0 < value < 1:
            raise InputError(f"the {name} must lie between 0 and 1, such as 0.0014 for 0.14 % (not {value:g})")


def _descend(record: CalibrationRecord, nothing: DialSetting, start: float, chance: float) -> DialSetting:
    """Test ever lower thresholds, each with this chance of a false guarantee; stay above the first that fails."""
    limits = _limits(start)
    accepted, wrong = record.counts(limits)
    passed = _tail(wrong, accepted, nothing.target) <= chance
    steps = len(passed) if passed.all() else int(passed.argmin())
    if steps == 0:
        return nothing
    n, k = int(accepted[steps - 1]), int(wrong[steps - 1])
    return replace(
        nothing,
        threshold=1 - float(limits[steps - 1]),
        bound=upper_bound(k, n, chance),
        observed_error=k / n,
        review_share=1 - n / record.digits,
        feasible=True,
    )


def _limits(start: float) -> NDArray[np.float16]:
    """List doubts from `start` up to 1, at which everything is accepted."""
    steps = round(-log10(start) * _STEPS)
    return np.asarray(start * 10 ** (np.arange(steps + 1) / _STEPS), np.float16)


def _tail(wrong: NDArray[np.int64], digits: NDArray[np.int64], rate: float) -> NDArray[np.float64]:
    """Compute the chance of at most so many errors if each digit is wrong at this rate."""
    from scipy.special import bdtr

    return np.asarray(bdtr(wrong.astype(np.float64), digits, rate), np.float64)


def digits_needed(target: float, certainty: float = CERTAINTY) -> int:
    """Return the least number of digits, all right, with which the target can be guaranteed."""
    return ceil(log((1 - certainty) * STARTS[0][1]) / log1p(-target))


def least_promise(record: CalibrationRecord, certainty: float = CERTAINTY) -> DialSetting | None:
    """Find the strictest target, in two significant figures, that can be guaranteed; None if there is none."""
    targets = (figures * 10.0**power / 10 for power in (-4, -3, -2, -1) for figures in range(10, 100))
    settings = (set_dial(record, round(target, 6), certainty) for target in targets)
    return next((setting for setting in settings if setting.feasible), None)


def promised(record: CalibrationRecord, target: float, certainty: float, ink: CalibrationSet) -> DialSetting:
    """Set the dial for the record of this ink. Raises InputError, which names what can be guaranteed, where the target cannot."""
    setting = set_dial(record, target, certainty)
    if setting.feasible:
        return setting
    raise InputError(
        f"an error of {percent(target)} cannot be guaranteed with {percent(certainty)} certainty for digits in {ink} ink: "
        f"{shortage(record, target, certainty)}. {_advice(least_promise(record, certainty), ink)}"
    )


def shortage(record: CalibrationRecord, target: float, certainty: float) -> str:
    """Explain why a target cannot be guaranteed: too few held-out digits, or too many errors among those with the highest
    confidence."""
    needed, (start, _) = digits_needed(target, certainty), STARTS[0]
    if record.digits < needed:
        return f"that takes {needed:,} digits without an error, and the model was tested on {record.digits:,}"
    accepted, wrong = (int(count[0]) for count in record.counts(_limits(1 - start)[:1]))
    return (
        f"that takes {needed:,} digits without an error, or more with few; of {record.digits:,} the model was sure of "
        f"{accepted:,} (confidence {start:g} or more), and wrong at {wrong} of these"
    )


def _advice(least: DialSetting | None, ink: CalibrationSet) -> str:
    if least is None:
        return "No error can be guaranteed: give a --threshold instead"
    other = "" if ink is CalibrationSet.CLEAN else ", also for digits as clean as MNIST's (--ink clean)"
    return (
        f"The lowest possible is --max-error {least.target:g}, with {least.review_share:.1%} of such digits for review; "
        f"`digits dial` shows what can be guaranteed{other}"
    )


def promise(setting: DialSetting) -> str:
    """Return what a feasible setting guarantees, in a line."""
    return (
        f"threshold {setting.threshold:.4f}: at most {percent(setting.target)} of the accepted digits are wrong, with "
        f"{percent(setting.certainty)} certainty, if they are like the {setting.calibration_digits:,} held-out digits, "
        f"of which {setting.review_share:.1%} would go to review"
    )


def percent(share: float) -> str:
    """Format a share as per cent: 0.0014 -> '0.14 %'."""
    return f"{100 * share:.3g} %"
