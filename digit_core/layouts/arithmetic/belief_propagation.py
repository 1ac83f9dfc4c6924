"""Reconciliation of numbers by arithmetic: relations between cells of a form re-rank the candidates that were read in them.

Totals, means, running totals, sequences and equal fields are all linear relations. A relation is evidence, not truth: the writer
calculated correctly with probability `trust`; otherwise it says nothing. No value is invented: the result is a candidate, or None
for "something else".

Belief propagation between the relations (Kschischang, Frey, Loeliger, "Factor graphs and the sum-product algorithm", IEEE
Transactions on Information Theory 47, 2001). Where relations form a tree (one total; totals of columns and one of these) the
probabilities are exact for the model; where they form loops (row and column totals of one table) at most ROUNDS rounds are made,
and the probabilities are approximate, rather too high than too low. For "something else" no relation learns which value another
unknown would have then.
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
"""Greatest number of rounds over relations with loops; later rounds mostly amplify earlier ones."""

STILL = 3e-3
"""With loops, a relation is not updated again while none of its incoming probabilities has changed by more."""

EXACT = 1e-6
"""The same limit without loops."""

_NOTHING = -1e3  # logarithm of the probability of the impossible
_SLACK = 1e-6  # tolerance by which probabilities may add up to more than 1


@dataclass(frozen=True, slots=True)
class Unknown:
    """A cell: candidate values in whole smallest units (3.96 is 396) and their probabilities, best first.

    The rest of the probability is for "something else": any other value in `span` (low, high), uniformly. Misreadings are not
    "something else", so unlikely readings belong among the candidates too: numbers with one digit misread agree by chance far
    more often than arbitrary numbers.
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
        """Return the probability of something else; 0 where the span has nothing but candidates."""
        others = self.span[1] - self.span[0] + 1 - sum(self.span[0] <= value <= self.span[1] for value, _ in self.candidates)
        return max(0.0, 1 - sum(share for _, share in self.candidates)) if others else 0.0


@dataclass(frozen=True, slots=True)
class Relation:
    """A linear relation: low <= sum of coefficient * value <= high, with probability `trust`.

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
            raise ValueError(f"trust is from 0 to below 1, since nobody calculates without error; not {self.trust}")


class RelationVerdict(StrEnum):
    """The state of a relation for the likeliest values: it agrees, is broken, or is undecided."""

    AGREES = "agrees"
    BROKEN = "broken"
    UNDECIDED = "undecided"  # one of them is something else


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Result for all unknowns and relations."""

    values: tuple[int | None, ...]
    """Likeliest value of each unknown; None: something else."""
    probabilities: tuple[float, ...]
    """Probabilities of these values."""
    verdicts: tuple[RelationVerdict, ...]
    """Verdict for each relation."""


def reconcile(unknowns: Sequence[Unknown], relations: Sequence[Relation]) -> Reconciled:
    """Return the likeliest value of every unknown, given all candidates and all relations.

    Raises ValueError if a relation names a missing unknown.
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
    """Return logarithms of the probabilities, shape (unknowns, columns): the candidates', and in the last column something
    else's."""
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
    """Split the relations into components that share no unknown; the order does not depend on that of the arguments."""
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
    """Add the messages of one component's relations to `beliefs`, logarithms of shape (unknowns, columns), in place."""
    voices = [_voice(unknowns, relation, beliefs.shape[1]) for relation in relations]
    edges = sum(len(voice.place) for voice in voices)
    tree = edges < len(voices) + len(np.unique(np.concatenate([voice.place for voice in voices])))
    rounds, still = (len(voices) + 1, EXACT) if tree else (ROUNDS, STILL)
    for _ in range(rounds):
        spoke = [voice.speak(beliefs, still) for voice in voices]
        if not any(spoke):
            return
        voices.reverse()  # one pass in each direction carries a message from one end of a chain to the other


@dataclass(slots=True)
class _Voice:
    """One relation in the message passing."""

    relation: Sum
    place: Ints  # indices of its terms among the unknowns, shape (terms,)
    said: Floats  # its last message: logarithms, shape (terms, columns)
    heard: Floats | None = None  # the probabilities without its own message, when it was last sent

    def speak(self, beliefs: Floats, still: float) -> bool:
        """Update the beliefs of its terms; return False if its input has not changed since the last update."""
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
