"""What the summary of a run says about its review items and about the worth of its threshold, in plain lines."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from digit_core.params import CalibrationSet
from digit_core.review.pilot import pilot_promise
from digit_core.wording import counted
from flows.run_stats import LOWER_THRESHOLD, Tally
from tasks.run_plan import RunPlan


def advice(plan: RunPlan, tally: Tally) -> Iterator[str]:
    """Yield how many numbers a page wait for people and what would lower it, and where the threshold was measured."""
    if tally.read and tally.asked_numbers:
        waiting = f"{counted(tally.asked_numbers, 'number')} {'waits' if tally.asked_numbers == 1 else 'wait'} for people"
        count = f"{waiting}, {tally.asked_numbers / tally.read:.1f} a page"
        yield f"{count}; fewer with {', '.join(_remedies(plan, tally))}" if any(_remedies(plan, tally)) else count
    yield where_measured(plan)


def where_measured(plan: RunPlan) -> str:
    """Return on which numbers the threshold was measured."""
    if plan.pilot:
        return pilot_promise(plan.pilot)
    if plan.promise and json.loads(plan.options).get("ink") == CalibrationSet.AUDITS:
        return "the threshold was measured on the audited digits of this collection"
    return f"the threshold was measured on other collections, not on this one; to measure it here: {_pilot(plan)}"


def _remedies(plan: RunPlan, tally: Tally) -> Iterator[str]:
    if not plan.spec.layouts:
        yield "a layout of the form (digits layout propose)"
    if tally.asked_above_lower and plan.spec.review.threshold > LOWER_THRESHOLD:
        yield f"--threshold {LOWER_THRESHOLD:g} (about {tally.asked_above_lower:,} fewer, and more errors)"
    if not plan.read_by.pilot_version:
        yield f"a pilot ({_pilot(plan)})"


def _pilot(plan: RunPlan) -> str:
    return f"digits pilot {shlex.quote(plan.source) if plan.source else 'SOURCE'} --out {shlex.quote(plan.out)}"
