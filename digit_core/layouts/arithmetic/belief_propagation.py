"""Arithmetic that reads: what cells of a form say of each other re-ranks the candidates that were read in them.

Totals, means, running totals, sequences and equal fields are all linear relations. A relation is evidence, never truth: whoever
wrote the page reckoned right with its `trust`, and if not it says nothing. No value is ever made up: what comes out is a
candidate, or None for "something else".

Belief propagation between the relations (Kschischang, Frey, Loeliger, "Factor graphs and the sum-product algorithm", IEEE
Transactions on Information Theory 47, 2001). Where relations form a tree (one total; totals of columns and one of these) the
probabilities are those of the model; where they form loops (row and column totals of one table) it goes round them ROUNDS
times at most, and the probabilities are near those of the model, rather too sure than not sure enough. Of "something else" no
relation learns which value another one would have there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from digit_core.layouts.arithmetic.enumeration import Floats, Ints
from digit_core.layouts.arithmetic.sum_factor import Sum

ROUNDS = 4
"""How often a relation is heard at most where there are loops; later rounds mostly repeat what was said, only louder."""

STILL = 3e-3
"""Where there are loops, a relation is not heard again as long as no probability that it was told has moved by more."""

EXACT = 1e-6
"""The same where there are none."""

_NOTHING = -1e3  # logarithm of the probability of what cannot be
_SLACK = 1e-6  # by which probabilities may add up to more than 1


@dataclass(frozen=True, slots=True)
class Unknown:
    """A cell: candidate values in whole smallest units (3.96 is 396) and their probabilities, best first.

    The rest of the probability is for "something else": any other value from the low to the high of `span`, evenly. What a
    reader may have mistaken the cell for is not that, so its unlikely readings belong among the candidates as well: numbers
    with one digit misread agree by chance far more often than numbers from anywhere.
    """

    candidates: tuple[tuple[int, float], ...]
    span: tuple[int, int]

    def __post_init__(self) -> None:
        values = [value for value, _ in self.candidates]
        if len(set(values)) < len(values):
            raise ValueError(f"each candidate value may be named once only, not {values}")
        if any(not 0 <= share <= 1 for _, share in self.candidates) or sum(share for _, share in self.candidates) > 1 + _SLACK:
            raise ValueError(f"probabilities of candidates are from 0 to 1 and at most 1 together, not {self.candidates}")
        if self.span[0] > self.span[1]:
            raise ValueError(f"a span is from its low to its high, not {self.span}")

    @property
    def best(self) -> float:
        """The probability of the likeliest candidate; 0 without any."""
        return self.candidates[0][1] if self.candidates else 0.0

    @property
    def rest(self) -> float:
        """The probability of something else; 0 where the span holds nothing but candidates."""
        others = self.span[1] - self.span[0] + 1 - sum(self.span[0] <= value <= self.span[1] for value, _ in self.candidates)
        return max(0.0, 1 - sum(share for _, share in self.candidates)) if others else 0.0


@dataclass(frozen=True, slots=True)
class Relation:
    """low <= sum of coefficient * value <= high, if whoever wrote the page reckoned right: with probability `trust`.

    terms: (index of the unknown, coefficient), each unknown once.
    """

    terms: tuple[tuple[int, int], ...]
    low: int = 0
    high: int = 0
    trust: float = 0.97

    def __post_init__(self) -> None:
        indices = [index for index, _ in self.terms]
        if not indices or len(set(indices)) < len(indices) or not all(coefficient for _, coefficient in self.terms):
            raise ValueError(f"a relation has terms, each unknown once and with a coefficient that is not 0, not {self.terms}")
        if self.low > self.high:
            raise ValueError(f"a relation holds from its low to its high, not from {self.low} to {self.high}")
        if not 0 <= self.trust < 1:
            raise ValueError(f"trust is from 0 to below 1, for nobody reckons without fault; not {self.trust}")


class RelationVerdict(StrEnum):
    """Whether a relation holds of the values that are likeliest."""

    AGREES = "agrees"
    BROKEN = "broken"
    UNDECIDED = "undecided"  # one of them is something else


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What unknowns and relations come to together."""

    values: tuple[int | None, ...]
    """For each unknown the likeliest value given everything; None: something else."""
    probabilities: tuple[float, ...]
    """Of these values."""
    verdicts: tuple[RelationVerdict, ...]
    """For each relation."""


def reconcile(unknowns: Sequence[Unknown], relations: Sequence[Relation]) -> Reconciled:
    """Return what is likeliest for every unknown, given all candidates and all relations.

    Raises ValueError if a relation names an unknown that is not there.
    """
    for relation in relations:
        if any(not 0 <= index < len(unknowns) for index, _ in relation.terms):
            raise ValueError(f"a relation names one of {relation.terms}, but there are {len(unknowns)} unknowns, from 0")
    logs = _logs(unknowns)
    for component in _components(relations):
        _propagate(unknowns, component, logs)
    beliefs = _probabilities(logs)
    best = beliefs.argmax(axis=1)
    values = tuple(
        unknown.candidates[column][0] if column < len(unknown.candidates) else None
        for unknown, column in zip(unknowns, best, strict=True)
    )
    return Reconciled(values, tuple(beliefs.max(axis=1).tolist()), tuple(_verdict(one, values) for one in relations))


def _verdict(relation: Relation, values: Sequence[int | None]) -> RelationVerdict:
    total = 0
    for index, coefficient in relation.terms:
        value = values[index]
        if value is None:
            return RelationVerdict.UNDECIDED
        total += coefficient * value
    return RelationVerdict.AGREES if relation.low <= total <= relation.high else RelationVerdict.BROKEN


def _logs(unknowns: Sequence[Unknown]) -> Floats:
    """Logarithms of the probabilities, shape (unknowns, columns): the candidates', and in the last column something else's."""
    columns = max((1, *(len(unknown.candidates) for unknown in unknowns)))
    shares = np.zeros((len(unknowns), columns + 1))
    for row, unknown in zip(shares, unknowns, strict=True):
        row[: len(unknown.candidates)] = [share for _, share in unknown.candidates]
        row[-1] = unknown.rest
    return np.log(shares, out=np.full(shares.shape, _NOTHING), where=shares > 0)


def _probabilities(logs: Floats) -> Floats:
    shares = np.exp(logs - logs.max(axis=1, keepdims=True, initial=2 * _NOTHING))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _components(relations: Iterable[Relation]) -> list[list[Relation]]:
    """Relations that share no unknown, directly or by others, apart; each in an order that is not that of the arguments."""
    root: dict[int, int] = {}

    def find(index: int) -> int:
        while (above := root.setdefault(index, index)) != index:
            root[index] = root[above]
            index = above
        return index

    ordered = sorted(relations, key=lambda one: (len(one.terms), sorted(one.terms), one.low, one.high, one.trust))
    for relation in ordered:
        for index, _ in relation.terms:
            root[find(index)] = find(relation.terms[0][0])
    together = defaultdict(list)
    for relation in ordered:
        together[find(relation.terms[0][0])].append(relation)
    return list(together.values())


def _propagate(unknowns: Sequence[Unknown], relations: Sequence[Relation], beliefs: Floats) -> None:
    """Adds to `beliefs`, logarithms of shape (unknowns, columns), what the relations of one component say."""
    voices = [_voice(unknowns, relation, beliefs.shape[1]) for relation in relations]
    edges = sum(len(voice.place) for voice in voices)
    tree = edges < len(voices) + len(np.unique(np.concatenate([voice.place for voice in voices])))
    rounds, still = (len(voices) + 1, EXACT) if tree else (ROUNDS, STILL)
    for _ in range(rounds):
        spoke = [voice.speak(beliefs, still) for voice in voices]
        if not any(spoke):
            return
        voices.reverse()  # what is said at one end of a chain is at its other end when it was gone through once


@dataclass(slots=True)
class _Voice:
    """One relation among others."""

    relation: Sum
    place: Ints  # of its terms among the unknowns, shape (terms,)
    said: Floats  # logarithms, shape (terms, columns)
    heard: Floats | None = None  # the probabilities without what it said itself, when it spoke last

    def speak(self, beliefs: Floats, still: float) -> bool:
        """Changes the beliefs in its terms; does nothing, and says so, if it has heard nothing new since it spoke last."""
        without = beliefs[self.place] - self.said
        heard = _probabilities(without)
        if self.heard is not None and np.abs(heard - self.heard).max() < still:
            return False
        self.said, self.heard = self.relation.says(heard), heard
        beliefs[self.place] = without + self.said
        return True


def _voice(unknowns: Sequence[Unknown], relation: Relation, columns: int) -> _Voice:
    cells = [unknowns[index] for index, _ in relation.terms]
    candidates = [[value for value, _ in cell.candidates] for cell in cells]
    spans = np.array([cell.span for cell in cells], np.int64)
    place, coefficients = np.array(relation.terms, np.int64).T
    one = Sum(candidates, columns - 1, spans, coefficients, (relation.low, relation.high), relation.trust)
    return _Voice(one, place, np.zeros((len(cells), columns)))
