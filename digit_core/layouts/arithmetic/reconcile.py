"""Arithmetic of a form: a page's cells are checked against each other by the sums that the layout declares.

A cell that sums confirm may leave review; one that they contradict goes in, with the reason. The page's own total is evidence,
not truth: its writer may have miscalculated (digit_core.layouts.arithmetic.belief_propagation).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from digit_core.layouts.arithmetic.belief_propagation import Relation, RelationVerdict, Unknown, reconcile
from digit_core.layouts.arithmetic.constraints import CellRelation, relations
from digit_core.layouts.arithmetic.suspects import cells_to_ask
from digit_core.layouts.candidates import SUREST, DigitLabels, chosen, digits_of, fitting, was_read, with_one_more
from digit_core.layouts.cell_rules import broken_rule
from digit_core.layouts.template import Holds, Layout, Mark, Place
from digit_core.notation import NumberKind, interpret
from digit_core.params import ReviewPolicy
from digit_core.readings import INTO_REVIEW, OUT_OF_REVIEW, READ_FIRST, Reading, Reason, State, as_written
from digit_core.records import Box, CellState

_NOTHING_THERE = 0.98
"""Probability that a cell that looks blank, or like a dash, adds nothing."""

_NOT_SUMMED = {NumberKind.FRACTION, NumberKind.MONEY, NumberKind.DATE, NumberKind.TIME, NumberKind.ANGLE}
"""Kinds of numbers whose digits cannot be summed."""

_FEWEST_CHECKS, _LEAST_AGREEING = 4, 0.1
"""Sums of one check, such as the totals of all columns, from which they speak of the page as a whole; share that must agree."""

_READ, _MOSTLY_READ = 0.5, 2 / 3
"""Probability of its likeliest value from which a cell could be read; and of a sum's cells how many must."""

_WORD = 0.6
"""The same probability for ink that was not read, where the form allows words."""


@dataclass(frozen=True, slots=True)
class _Choices:
    """The possible values of a cell, and the digit labels that give each; no labels: nothing is written there."""

    unknown: Unknown
    labels: Mapping[int, DigitLabels]


@dataclass(frozen=True, slots=True)
class Reckoned:
    """The readings of a page after its checks, in their order.

    mostly_broken: whether one of the checks hardly ever agrees, as if numbers were in the wrong row or column.
    """

    readings: tuple[Reading, ...]
    mostly_broken: bool = False


def reckoned(
    readings: Sequence[Reading], layout: Layout, policy: ReviewPolicy, drawn: Callable[[Box], bool] = lambda box: False
) -> Reckoned:
    """Return the readings of a form's cells after its checks; cells without a check are unchanged.

    drawn: whether a digit's box is drawn for an audit when it is accepted.
    """
    wanted = relations(layout)
    by_place = {_place(reading): index for index, reading in enumerate(readings)}
    complete = [one for one in wanted if all(place in by_place for place, _ in one.terms)]
    order = list(dict.fromkeys(place for one in complete for place, _ in one.terms))
    if not order:
        return Reckoned(tuple(readings))
    choices = [_choices(readings[by_place[place]], layout) for place in order]
    number = {place: i for i, place in enumerate(order)}
    linear = [Relation(tuple((number[place], factor) for place, factor in one.terms), one.low, one.high) for one in complete]
    result = reconcile([one.unknown for one in choices], linear)
    said = _said(complete, result.verdicts)
    doubtful = {place for place in order if readings[by_place[place]].state is State.REVIEW}
    asked = cells_to_ask(complete, result, order, [one.unknown for one in choices], doubtful)
    changed = list(readings)
    for place, options, value, probability in zip(order, choices, result.values, result.probabilities, strict=True):
        index = by_place[place]
        outcome = _Outcome(value, probability, said[place], place in asked)
        changed[index] = _weighed(readings[index], options, outcome, layout.holds_of(place), policy, drawn)
    return Reckoned(tuple(changed), _mostly_broken(complete, result.verdicts, dict(zip(order, choices, strict=True))))


def _place(reading: Reading) -> Place:
    cell = reading.cell
    return Place(cell.zone, cell.row, cell.column) if cell else Place("")


def _said(
    complete: Sequence[CellRelation], verdicts: Sequence[RelationVerdict]
) -> dict[Place, list[tuple[str, RelationVerdict]]]:
    """Collect for each cell the checks that include it, and their verdicts."""
    said: defaultdict[Place, list[tuple[str, RelationVerdict]]] = defaultdict(list)
    for relation, verdict in zip(complete, verdicts, strict=True):
        for place, _ in relation.terms:
            said[place].append((relation.name, verdict))
    return said


def _mostly_broken(
    complete: Sequence[CellRelation], verdicts: Sequence[RelationVerdict], choices: Mapping[Place, _Choices]
) -> bool:
    """Whether one of the checks fails nearly wherever its cells could be read: it breaks, or holds only if a cell is something
    that nobody has read.
    """
    ends: defaultdict[int, list[RelationVerdict]] = defaultdict(list)
    for relation, verdict in zip(complete, verdicts, strict=True):
        read = [choices[place].unknown.best >= _READ for place, _ in relation.terms]
        if sum(read) >= _MOSTLY_READ * len(read):
            ends[relation.check].append(verdict)
    return any(
        len(own) >= _FEWEST_CHECKS
        and (own.count(RelationVerdict.BROKEN) > len(own) / 2 or own.count(RelationVerdict.AGREES) < _LEAST_AGREEING * len(own))
        for own in ends.values()
    )


def _choices(reading: Reading, layout: Layout) -> _Choices:
    holds = layout.holds_of(_place(reading))
    span = (0, 10 ** holds.digits[1] - 1)
    sign = -1 if reading.minus and holds.sign else 1
    counted = reading.digits and reading.kind not in _NOT_SUMMED
    found = fitting(reading, *holds.digits) if counted else []
    labels: dict[int, DigitLabels] = {}
    shares: defaultdict[int, float] = defaultdict(float)
    for one, share in found:
        value = int(digits_of(one)) * sign
        if was_read(reading, one):
            labels.setdefault(value, one)
        shares[value] += share
    for digits, share in with_one_more(reading.digits) if counted and len(reading.digits) < holds.digits[1] else ():
        shares[int(digits) * sign] += share
    nothing = _nothing(reading, Mark.WORD in holds.marks or bool(holds.words))
    if nothing:
        shares[_added(reading, holds)] += nothing
    total = max(1.0, sum(shares.values()) / SUREST)
    ranked = sorted(((value, share / total) for value, share in shares.items()), key=lambda pair: -pair[1])
    return _Choices(Unknown(tuple(ranked), span), labels)


def _nothing(reading: Reading, words: bool) -> float:
    """Return the probability that a cell without a number adds nothing, or what its word is worth."""
    state = reading.cell.state if reading.cell else CellState.NUMBER
    if reading.digits:
        return 0.0
    if state in (CellState.BLANK, CellState.DASH):
        return _NOTHING_THERE if reading.state is not State.REVIEW else 1 - _NOTHING_THERE
    if state is CellState.WORD and reading.state is not State.REVIEW:
        return _NOTHING_THERE
    return _WORD if state in (CellState.ILLEGIBLE, CellState.WORD) and words else 0.0


def _added(reading: Reading, holds: Holds) -> int:
    """Return what a cell without a number adds, in units of its last decimal: the value of its word, or nothing."""
    value = reading.value if reading.kind is NumberKind.WORD else None
    return round((value or 0.0) * 10.0 ** (holds.decimals or 0))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Result of the arithmetic for a cell: its likeliest value (None: something that was not read), its probability, and the
    verdict of each check that includes it. asked: whether a person is asked for it because of a check that does not agree."""

    value: int | None
    probability: float
    said: Sequence[tuple[str, RelationVerdict]]
    asked: bool = False

    @property
    def broken(self) -> list[str]:
        return [name for name, verdict in self.said if verdict is RelationVerdict.BROKEN]

    @property
    def in_doubt(self) -> bool:
        """Whether a check that speaks of it does not come out."""
        return any(verdict is not RelationVerdict.AGREES for _, verdict in self.said)

    @property
    def words(self) -> str:
        agrees = [name for name, verdict in self.said if verdict is RelationVerdict.AGREES]
        if self.broken:
            return f"breaks: {', '.join(self.broken)}"
        return f"agrees: {', '.join(agrees)}" if agrees else "undecided"


def _weighed(
    reading: Reading, options: _Choices, outcome: _Outcome, holds: Holds, policy: ReviewPolicy, drawn: Callable[[Box], bool]
) -> Reading:
    """Return the reading with its likeliest value, accepted if the probability is high enough, else in review."""
    if reading.state is State.ACCEPTED and outcome.in_doubt and not outcome.asked:
        return replace(reading, checks=outcome.words)  # another cell explains it
    sure = outcome.value is not None and outcome.probability >= policy.threshold and not outcome.broken
    labels = options.labels.get(outcome.value) if outcome.value is not None else None
    if labels is None or not reading.parts:
        asked = f" (sums ask for {outcome.value})" if labels is None and outcome.value and reading.digits else ""
        return _unexplained(replace(reading, checks=outcome.words + asked), sure and not asked)
    digits, text = digits_of(labels), as_written(reading.text, [digits_of((label,)) for label in labels])
    state_of_cell = reading.cell.state if reading.cell else CellState.NUMBER
    marks_in_doubt = any(part.reason == Reason.MARK for part in reading.parts)  # sums use digits and ignore marks
    without_value = interpret(text, reading.notation).kind is NumberKind.OTHER
    sure = sure and not marks_in_doubt and not without_value and not broken_rule(digits, text, state_of_cell, holds)
    if digits == reading.digits and sure == (reading.state is State.ACCEPTED):
        return replace(reading, checks=outcome.words, confidence=outcome.probability)
    state, reason = (State.ACCEPTED, "") if sure else (State.REVIEW, Reason.RULE_BROKEN)
    parts = chosen(reading, labels, outcome.probability, state, reason)
    if sure:
        lots = ((part, drawn(part.box) and part.state is State.ACCEPTED) for part in parts)
        parts = tuple(replace(part, reason=Reason.AUDIT if lot else part.reason) for part, lot in lots)
    words = outcome.words + _moved(reading, digits, state)
    return replace(reading, digits=digits, text=text, confidence=outcome.probability, state=state, parts=parts, checks=words)


def _moved(reading: Reading, digits: str, state: State) -> str:
    """Describe in words what the sums have changed."""
    moved = ""
    if state is not reading.state:
        moved = f" {OUT_OF_REVIEW if state is State.ACCEPTED else INTO_REVIEW}"
    return moved + (f" {READ_FIRST}{reading.digits})" if digits != reading.digits else "")


def _unexplained(reading: Reading, sure: bool) -> Reading:
    """Judge a cell without a number, or with one that no candidate explains: a sum never confirms it, but may put it in
    review."""
    if sure or not reading.parts or reading.state is State.REVIEW:
        return reading
    parts = tuple(replace(part, state=State.REVIEW, reason=Reason.RULE_BROKEN) for part in reading.parts)
    return replace(reading, state=State.REVIEW, parts=parts, checks=f"{reading.checks} {INTO_REVIEW}")
