"""Verdicts of people on digits, and their effect on a number: pure rules, without a database.

A decision is about one digit of a number, or about the whole number where the machine divided it wrongly. It counts from the
moment it is made until its reviewer undoes it; it is never changed. The number's digits at the time of the decision are stored
with it (`parts`), so that another reading by the machine changes no number that a person has decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from digit_core.errors import InputError
from digit_core.readings import Reason, State
from digit_core.records import NOT_A_DIGIT

UNREADABLE_SIGN = "?"
"""Sign in a number for a digit that a person could not read."""

LONGEST_NUMBER = 32
HIDDEN_SHARE = 0.15
"""Share of the ordinary items whose suggestion is hidden too, so that a hidden one need not be an audit."""


class Kind(StrEnum):
    """Kind of a verdict."""

    DIGIT = "digit"
    NOT_A_DIGIT = "not a digit"
    UNREADABLE = "unreadable"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's verdict on an item. `value`: the digit, or with NUMBER all digits of the number ("" if there is none).

    Raises InputError for a value that does not match its kind.
    """

    kind: Kind
    value: str = ""

    def __post_init__(self) -> None:
        plain = self.value.isascii() and self.value.isdecimal()
        if self.kind is Kind.DIGIT and not (plain and len(self.value) == 1):
            raise InputError(f"a digit is one of 0 to 9, not {self.value[:40]!r}")
        if self.kind is Kind.NUMBER and not (self.value == "" or (plain and len(self.value) <= LONGEST_NUMBER)):
            raise InputError(f"a number is made of up to {LONGEST_NUMBER} digits 0 to 9, not {self.value[:40]!r}")
        if self.kind in (Kind.NOT_A_DIGIT, Kind.UNREADABLE) and self.value:
            raise InputError(f"{self.kind.value!r} has no value, not {self.value[:40]!r}")

    @property
    def label(self) -> int | None:
        """Return the class for training, 0 to 10; None where the verdict says nothing about the digit's picture."""
        if self.kind is Kind.DIGIT:
            return int(self.value)
        return NOT_A_DIGIT if self.kind is Kind.NOT_A_DIGIT else None

    @property
    def part(self) -> str:
        """Return the text that replaces its digit."""
        return {Kind.DIGIT: self.value, Kind.UNREADABLE: UNREADABLE_SIGN}.get(self.kind, "")

    def agrees_with(self, guess: int) -> bool:
        """Whether the machine's best class (0 to 10) was this."""
        return self.label == guess


def said_of(verdict: Verdict, parts: Sequence[str], place: int) -> Verdict:
    """Return what a verdict means for the digit at `place` of a number that was read as `parts`.

    A number retyped as the machine has it confirms each of its digits; a different one says nothing about single digits.
    """
    if verdict.kind is not Kind.NUMBER or not parts or verdict.value != "".join(parts):
        return verdict
    return Verdict(Kind.DIGIT, parts[place]) if parts[place] else Verdict(Kind.NOT_A_DIGIT)


def settled(verdicts: Sequence[Verdict], readers: int) -> Verdict | None:
    """Return the verdict that counts among those of different readers, in order; None while another reader is needed.

    With two readers a third decides where they differ, and has the last word.
    """
    if len(verdicts) < readers:
        return None
    if readers == 1 or verdicts[0] == verdicts[1]:
        return verdicts[0]
    return verdicts[2] if len(verdicts) > 2 else None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A number after review: `digits` (with ? for unreadable ones) and its state."""

    digits: str
    state: State


def apply(parts: Sequence[str], verdicts: Mapping[int, Verdict], pending: int) -> Corrected:
    """Apply verdicts to the number whose digits the machine read as `parts`, from left to right ("" for a non-digit).

    verdicts: by index, from 0; a retyped number has a verdict at every index and replaces all. pending: how many digits of the
    number still wait for a person. Raises InputError for an index that the number does not have.
    """
    if not all(0 <= place < len(parts) for place in verdicts):
        raise InputError(f"a number of {len(parts)} digits has no place {max(verdicts)}: put it into the queue again")
    machine = "".join(parts)
    retyped = next((verdict for verdict in verdicts.values() if verdict.kind is Kind.NUMBER), None)
    if retyped is not None:
        return Corrected(retyped.value, State.CONFIRMED if retyped.value == machine else State.CORRECTED)
    human = "".join(verdicts[place].part if place in verdicts else part for place, part in enumerate(parts))
    if pending:
        return Corrected(human, State.REVIEW)
    if UNREADABLE_SIGN in human:
        return Corrected(human, State.UNREADABLE)
    return Corrected(human, State.CONFIRMED if human == machine else State.CORRECTED)


def suggestion_is_hidden(item_id: str, reason: str) -> bool:
    """Whether the machine's reading must be hidden: always for audits, and for a fixed random share of the others."""
    if reason == Reason.AUDIT:
        return True
    lot = int.from_bytes(hashlib.sha256(f"hidden {item_id}".encode()).digest()[:8], "big")
    return lot < HIDDEN_SHARE * 2**64
