"""Verdicts of people on digits, and their effect on a number: pure rules, without a database.

A decision is about one digit of a number, or about the whole number where the machine divided it wrongly or no number stands
there. It counts from the moment it is made until its reviewer undoes it; it is never changed. The number's digits at the time of
the decision are stored with it (`parts`), so that another reading by the machine changes no number that a person has decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from digit_core.errors import InputError
from digit_core.inference.network_spec import CHARACTERS, OTHER
from digit_core.readings import BLIND, State
from digit_core.records import NOT_A_DIGIT

UNREADABLE_SIGN = OTHER
"""Sign in a number for a digit that a person could not read."""

LONGEST_NUMBER = 32
"""Greatest number of characters of a number that a person types."""

NIL = "nil"
"""Text of a place where this word stands."""

HIDDEN_SHARE = 0.15
"""Share of the ordinary numbers in which a suggestion is hidden too, so that a hidden one need not be an audit."""


_WRITTEN = frozenset(f"{CHARACTERS} ")
_DIGITS = f"0123456789{UNREADABLE_SIGN}"


class Kind(StrEnum):
    """Kind of a verdict."""

    DIGIT = "digit"
    NOT_A_DIGIT = "not a digit"
    UNREADABLE = "unreadable"
    NUMBER = "number"  # all digits of the number; its marks are the machine's, where the count of digits is the same
    WRITTEN = "written"  # the number as it is written, with its marks
    CONTENT = "content"  # no number stands there, but something else


class Content(StrEnum):
    """Content of a place where no number stands."""

    BLANK = "blank"
    DASH = "dash"
    STRUCK_OUT = "struck out"
    NIL = "nil"  # the word: its value is 0
    NO_NUMBER = "no number"  # a word, a drawing, a stain


WHOLE = frozenset({Kind.NUMBER, Kind.WRITTEN, Kind.CONTENT})
"""Kinds of verdicts about the whole number: one decides all its items."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's verdict on an item. `value`: the digit; with NUMBER all digits of the number ("" if there is none), with WRITTEN
    its text, with CONTENT a Content.

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
        if self.kind is Kind.WRITTEN and not (0 < len(self.value) <= LONGEST_NUMBER and set(self.value) <= _WRITTEN):
            raise InputError(f"a number is written with up to {LONGEST_NUMBER} of {CHARACTERS}, not {self.value[:40]!r}")
        if self.kind is Kind.CONTENT and self.value not in set(Content):
            raise InputError(f"where no number stands there is one of {', '.join(Content)}, not {self.value[:40]!r}")
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

    @property
    def digits(self) -> str:
        """Return the digits of a verdict about the whole number, with ? for unreadable ones."""
        return "" if self.kind is Kind.CONTENT else "".join(one for one in self.value if one in _DIGITS)

    def agrees_with(self, guess: int) -> bool:
        """Whether the machine's best class (0 to 10) was this."""
        return self.label == guess


def said_of(verdict: Verdict, parts: Sequence[str], place: int) -> Verdict:
    """Return what a verdict means for the digit at `place` of a number that was read as `parts`.

    A number retyped with the machine's digits confirms each of them; one with others says nothing about single digits.
    """
    if verdict.kind not in (Kind.NUMBER, Kind.WRITTEN) or not parts or verdict.digits != "".join(parts):
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
    """A number after review: `digits` (with ? for unreadable ones) and its state.

    text: as a person wrote it, None where the machine's marks stay; content: what stands in its place, None for a number.
    """

    digits: str
    state: State
    text: str | None = None
    content: Content | None = None


def apply(parts: Sequence[str], verdicts: Mapping[int, Verdict], pending: int) -> Corrected:
    """Apply verdicts to the number whose digits the machine read as `parts`, from left to right ("" for a non-digit).

    verdicts: by index, from 0; one about the whole number replaces all. pending: how many digits of the number still wait for a
    person. Raises InputError for an index that the number does not have.
    """
    if not all(0 <= place < len(parts) for place in verdicts):
        raise InputError(f"a number of {len(parts)} digits has no place {max(verdicts)}: put it into the queue again")
    machine = "".join(parts)
    whole = next((verdict for verdict in verdicts.values() if verdict.kind in WHOLE), None)
    if whole is not None:
        return _as_a_whole(whole, machine)
    human = "".join(verdicts[place].part if place in verdicts else part for place, part in enumerate(parts))
    if pending:
        return Corrected(human, State.REVIEW)
    if UNREADABLE_SIGN in human:
        return Corrected(human, State.UNREADABLE)
    return Corrected(human, State.CONFIRMED if human == machine else State.CORRECTED)


def _as_a_whole(verdict: Verdict, machine: str) -> Corrected:
    """Return the number after a verdict about all of it; the machine read the digits `machine`."""
    state = State.CONFIRMED if verdict.digits == machine else State.CORRECTED
    if verdict.kind is Kind.CONTENT:
        return Corrected("", state, NIL if verdict.value == Content.NIL else "", Content(verdict.value))
    if UNREADABLE_SIGN in verdict.digits:
        state = State.UNREADABLE
    return Corrected(verdict.digits, state, verdict.value if verdict.kind is Kind.WRITTEN else None)


def suggestion_is_hidden(item_id: str, reason: str, asked: int) -> bool:
    """Whether the machine's reading of a digit must be hidden: always for audits and pilots, and for a digit in a fixed random
    share of the other numbers, which is smaller the more digits of the number are asked for (`asked`)."""
    if reason in BLIND:
        return True
    lot = int.from_bytes(hashlib.sha256(f"hidden {item_id}".encode()).digest()[:8], "big")
    return lot * asked**2 < HIDDEN_SHARE * 2**64
