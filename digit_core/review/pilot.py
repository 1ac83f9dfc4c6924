"""The pilot of a collection: some numbers of a sample of its pages, which people decide without seeing how they were read, and
what they show about the others.

Most of the numbers are drawn from those that a threshold could accept at all, each with the same chance, so that those above any
threshold are a random share of all above it: their errors are binomial, and `set_dial_of_few` gives the guarantee. The rest are
drawn from the others; with their weights they show how far the confidences are to be trusted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import DialSetting, percent, set_dial_of_few
from digit_core.calibration.temperature import fit_confidences, tempered_confidence
from digit_core.errors import InputError
from digit_core.readings import PageRead, ReadBy, Reading, Reason, State
from digit_core.results.schema import NUMBERS

TARGETS = (0.01, 0.02, 0.03, 0.05, 0.10, 0.20)
"""Shares of wrong numbers among the accepted, of the table that a pilot prints."""

LEAST_SURE = 0.5
"""Confidence below which no number is ever accepted, so that few of these are asked about."""

SURE_SHARE = 0.8
"""Share of the asked numbers that are drawn from those that might be accepted."""

SAMPLE = pa.schema([*NUMBERS, ("asked", pa.bool_())], metadata=NUMBERS.metadata)
"""The numbers of the sample as they were read, without any threshold, and which of them people are asked about."""

_DECIDED = {State.CONFIRMED, State.CORRECTED, State.UNREADABLE}
_FORMAT = 1
_EVERY_RUN = ("params", "run_id", "pilot_version")
"""Fields of ReadBy that say nothing about how confident a reading is."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledNumbers:
    """The numbers of a sample. confidences: (n,) before any temperature; acceptable: (n,) whether nothing but a low confidence
    keeps a number from being accepted; asked, right: (n,) of the numbers that people could read."""

    confidences: NDArray[np.float64]
    acceptable: NDArray[np.bool_]
    asked: NDArray[np.bool_]
    right: NDArray[np.bool_]

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Tell (n,) which numbers a threshold could accept."""
        return self.acceptable & (self.confidences >= LEAST_SURE)


@dataclass(frozen=True, slots=True)
class PilotSettings:
    """What a pilot found, for the later runs of its collection.

    version: its number, which the rows name that were read with it. threshold: on confidences of this temperature. dial: the
    guarantee of `max_error` among the accepted numbers, as far as there is one. wrong, of: among the asked numbers that the
    threshold accepts. read_by: how the sample was read. used: False for a pilot that was removed.
    """

    version: int
    created: str
    threshold: float
    temperature: float
    max_error: float
    certainty: float
    accepted_share: float
    wrong: int
    of: int
    read_by: ReadBy
    used: bool = True

    def fits(self, read_by: ReadBy) -> bool:
        """Whether pages are read now as the sample was: by the same networks, algorithm and layout."""
        return read_alike(self.read_by, read_by)

    def to_json(self) -> str:
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: bytes, name: str) -> Self:
        """Parse what `to_json` wrote. Raises InputError, naming the file as `name`, for anything else."""
        try:
            values = json.loads(text)
            if values.pop("format") > _FORMAT:
                raise InputError(f"{name} was written by a newer digits: upgrade digits")
            settings = cls(**{**values, "read_by": ReadBy(**values["read_by"])})
            settings._check()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{name} is not a pilot's settings ({error}): restore it, or delete it to do without") from error
        return settings

    def _check(self) -> None:
        """Raise ValueError or TypeError for values that no pilot has."""
        if type(self.version) is not int or type(self.used) is not bool or self.version < 1:
            raise ValueError("its version is no number")
        shares = (self.threshold, self.max_error, self.certainty, self.accepted_share)
        if not all(0 <= float(share) <= 1 for share in shares) or not 0.1 <= float(self.temperature) <= 10:
            raise ValueError("a share or the temperature is out of range")
        if not all(isinstance(getattr(self.read_by, one.name), str) for one in fields(ReadBy)):
            raise ValueError("its versions are no text")


def read_alike(one: ReadBy, other: ReadBy) -> bool:
    """Whether two readings were made by the same networks, algorithm and layout, whatever their thresholds."""
    alike = (name for name in asdict(one) if name not in _EVERY_RUN)
    return all(getattr(one, name) == getattr(other, name) for name in alike)


def drawn(confidences: NDArray[np.float64], acceptable: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    """Draw about `count` of the numbers to ask people about: indices, ascending; all where there are no more.

    confidences: (n,) as read; acceptable: (n,). The draw is the same for the same numbers.
    """
    sure = acceptable & (confidences >= LEAST_SURE)
    lots = np.random.default_rng(0)
    ones, others = lots.permutation(np.flatnonzero(sure)), lots.permutation(np.flatnonzero(~sure))
    wanted = min(len(ones), max(round(SURE_SHARE * count), count - len(others)))
    return np.sort(np.concatenate([ones[:wanted], others[: count - wanted]]))


def acceptable(reading: Reading) -> bool:
    """Whether a number of a page that was read with the threshold 0 could be accepted at some confidence."""
    return reading.state is State.ACCEPTED


def only_asked(page: PageRead, asked: Sequence[int]) -> PageRead:
    """Return the page with every digit of the readings of these indices asked about, and no other digit."""
    return replace(page, readings=tuple(_asked(one, index in asked) for index, one in enumerate(page.readings)))


def _asked(reading: Reading, wanted: bool) -> Reading:
    reason = Reason.PILOT.value if wanted else ""
    return replace(reading, parts=tuple(replace(part, reason=reason) for part in reading.parts))


def sampled_numbers(corrected: pa.Table, asked: Sequence[str]) -> SampledNumbers:
    """Build the numbers from the sample's rows as CORRECTED; asked: ids of those that people were asked about.

    A number is right where a person left all of it as it was read. Numbers that nobody could read are not counted as asked.
    """
    machine, state = (np.array(corrected[name].to_pylist(), object) for name in ("machine_state", "state"))
    wanted = np.isin(np.array(corrected["number_id"].to_pylist(), object).astype(str), np.array(list(asked), str))
    return SampledNumbers(
        corrected["confidence"].to_numpy(zero_copy_only=False).astype(np.float64),
        np.asarray(machine == State.ACCEPTED.value),
        wanted & np.isin(state.astype(str), [State.CONFIRMED.value, State.CORRECTED.value]),
        np.asarray(state == State.CONFIRMED.value),
    )


def undecided(corrected: pa.Table, asked: Sequence[str]) -> int:
    """Count the asked numbers that still wait for a person; one that a person has made part of another does not."""
    wanted, settled = set(asked), {state.value for state in _DECIDED}
    rows = zip(corrected["number_id"].to_pylist(), corrected["state"].to_pylist(), strict=True)
    return sum(number in wanted and state not in settled for number, state in rows)


def temperature_of(numbers: SampledNumbers) -> float:
    """Fit the collection's temperature; each asked number counts for as many as it was drawn from."""
    sure, asked = numbers.sure, numbers.asked
    weights = np.ones(len(sure))
    for part in (sure, ~sure):
        weights[part] = part.sum() / max(1, (part & asked).sum())
    return fit_confidences(numbers.confidences[asked], numbers.right[asked], weights[asked])


def dial_of(numbers: SampledNumbers, target: float, certainty: float, temperature: float) -> DialSetting:
    """Find the lowest threshold that keeps the target; on confidences of this temperature. Shares are those of the sample."""
    asked = numbers.sure & numbers.asked
    setting = set_dial_of_few(CalibrationRecord.of(numbers.confidences[asked], numbers.right[asked]), target, certainty)
    if not setting.feasible:
        return setting
    lowest = max(setting.threshold, LEAST_SURE)
    accepted = numbers.acceptable & (numbers.confidences >= lowest)
    return replace(
        setting, threshold=tempered_confidence(lowest, temperature), review_share=1 - float(accepted.sum() / len(accepted))
    )


def settings_of(
    numbers: SampledNumbers, target: float | None, certainty: float, least: float, facts: Mapping[str, Any]
) -> PilotSettings:
    """Return the settings that follow from the decided numbers.

    target: tolerated share of wrong numbers among the accepted; None: the lowest of TARGETS that can be guaranteed, but with a
    threshold of at least `least`, so that a pilot makes no run less careful unasked. facts: version, created, read_by. Raises
    InputError where the target cannot be guaranteed.
    """
    temperature = temperature_of(numbers)
    dials = [dial_of(numbers, one, certainty, temperature) for one in ([target] if target else TARGETS)]
    best = next((dial for dial in dials if dial.feasible), None)
    if target and best is None:
        raise InputError(
            f"the {int((numbers.sure & numbers.asked).sum()):,} decided numbers that could be accepted do not guarantee an error "
            f"of {percent(target)} with {percent(certainty)} certainty: give a greater --max-error, or more --numbers"
        )
    threshold = best.threshold if best else 1.0
    if target is None:
        threshold = max(least, threshold) if best else least
    scaled = np.array([tempered_confidence(one, temperature) for one in numbers.confidences])
    accepted = numbers.acceptable & (scaled >= threshold)
    decided = accepted & numbers.asked
    return PilotSettings(
        threshold=threshold,
        temperature=temperature,
        max_error=best.target if best else 1.0,
        certainty=certainty,
        accepted_share=float(accepted.mean()),
        wrong=int((decided & ~numbers.right).sum()),
        of=int(decided.sum()),
        **facts,
    )


def pilot_promise(settings: PilotSettings) -> str:
    """Return what the settings guarantee, in a line."""
    seen = f"{settings.wrong} of {settings.of} numbers that people decided are wrong among the accepted"
    share = f"about {settings.accepted_share:.0%} of the numbers are accepted"
    if math.isclose(settings.max_error, 1.0):
        return f"pilot {settings.version}: no error can be guaranteed for this collection ({seen}); {share}"
    return (
        f"pilot {settings.version}: at most {percent(settings.max_error)} of the accepted numbers of this collection are wrong, "
        f"with {percent(settings.certainty)} certainty ({seen}); {share}"
    )
