"""What relations make of candidates, against all assignments, one by one."""

from __future__ import annotations

from itertools import product
from math import gcd, prod

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from digit_core.layouts.arithmetic.belief_propagation import Reconciled, Relation, Unknown, reconcile

Posterior = list[dict[int | None, float]]


def other_values(unknown: Unknown) -> list[int]:
    return sorted(set(range(unknown.span[0], unknown.span[1] + 1)) - set(dict(unknown.candidates)))


def possible(unknown: Unknown) -> range:
    """From the least to the most that may stand in a cell."""
    ends = [*unknown.span, *dict(unknown.candidates)]
    return range(min(ends), max(ends) + 1)


def options(unknown: Unknown) -> list[tuple[int, float, int | None]]:
    """Each value that may stand in the cell, its probability, and what it is published as."""
    others = other_values(unknown)
    rest = 1 - sum(dict(unknown.candidates).values())
    return [(v, p, v) for v, p in unknown.candidates] + [(v, rest / len(others), None) for v in others]


def likelihoods(relation: Relation, unknowns: list[Unknown], values: np.ndarray) -> np.ndarray:
    """For each row of values: the sum is one of those in the band, evenly, or with 1 - trust any that is possible, evenly."""
    divisor = gcd(*(c for _, c in relation.terms))
    ends = [sorted(c * end for end in (possible(unknowns[i])[0], possible(unknowns[i])[-1])) for i, c in relation.terms]
    sums = [s for s in range(sum(low for low, _ in ends), sum(high for _, high in ends) + 1) if s % divisor == 0]
    right = [s for s in sums if relation.low <= s <= relation.high]
    if not right:
        return np.ones(len(values))
    holds = np.isin(sum(c * values[:, i] for i, c in relation.terms), right)
    return holds * relation.trust / len(right) + (1 - relation.trust) / len(sums)


def by_enumeration(unknowns: list[Unknown], relations: list[Relation]) -> Posterior:
    assignments = list(product(*map(options, unknowns)))
    values = np.array([[value for value, _, _ in assignment] for assignment in assignments])
    weights = np.array([prod(p for _, p, _ in assignment) for assignment in assignments])
    for relation in relations:
        weights *= likelihoods(relation, unknowns, values)
    posterior: Posterior = [{} for _ in unknowns]
    for assignment, weight in zip(assignments, weights / weights.sum(), strict=True):
        for cell, (_, _, published) in zip(posterior, assignment, strict=True):
            cell[published] = cell.get(published, 0.0) + float(weight)
    return posterior


def greatest_difference(found: Reconciled, posterior: Posterior) -> float:
    """Between the probabilities found and those of the same values, and of the likeliest values, by enumeration."""
    rows = list(zip(found.values, found.probabilities, posterior, strict=True))
    return max(max(abs(p - cell.get(value, 0.0)), abs(p - max(cell.values()))) for value, p, cell in rows)


@st.composite
def cells(draw: st.DrawFn, rest: bool = True) -> Unknown:
    """Up to three candidates, now and then outside of the span, with any probabilities."""
    values = draw(st.lists(st.integers(-2, 8), min_size=1, max_size=3, unique=True))
    low = draw(st.integers(-2, 4))
    span = low, low + draw(st.integers(0, 6))
    others = rest and other_values(Unknown(tuple((value, 0.0) for value in values), span))
    weights = [draw(st.floats(0.01, 1)) for _ in values] + ([draw(st.floats(0, 0.5))] if others else [])
    return Unknown(tuple((v, w / sum(weights)) for v, w in zip(values, weights, strict=False)), span)


@st.composite
def relations_among(draw: st.DrawFn, indices: list[int]) -> Relation:
    coefficients = [draw(st.sampled_from([-12, -3, -1, 1, 2, 10])) for _ in indices]
    low = draw(st.integers(-12, 12))
    trust = draw(st.sampled_from([0.0, 0.5, 0.97]))
    return Relation(tuple(zip(indices, coefficients, strict=True)), low, low + draw(st.integers(0, 6)), trust)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(cells(), min_size=1, max_size=4))
def test_one_relation_gives_the_probabilities_of_the_model(data: st.DataObject, unknowns: list[Unknown]) -> None:
    relation = data.draw(relations_among(list(range(len(unknowns)))))

    found = reconcile(unknowns, [relation])

    assert greatest_difference(found, by_enumeration(unknowns, [relation])) < 1e-6


@settings(max_examples=60, deadline=None)
@given(st.data(), st.tuples(cells(), cells(rest=False), cells(rest=False), cells()))
def test_relations_without_loops_give_the_probabilities_of_the_model(data: st.DataObject, unknowns: tuple[Unknown, ...]) -> None:
    chain = [data.draw(relations_among(indices)) for indices in ([0, 1], [2, 1], [2, 3])]

    found = reconcile(unknowns, chain)

    assert greatest_difference(found, by_enumeration(list(unknowns), chain)) < 1e-5


@settings(max_examples=40, deadline=None)
@given(st.data(), st.lists(cells(), min_size=4, max_size=4))
def test_the_order_of_relations_changes_nothing(data: st.DataObject, unknowns: list[Unknown]) -> None:
    relations = [data.draw(relations_among(indices)) for indices in ([0, 1], [1, 2, 3], [3, 0], [2, 3])]
    order = data.draw(st.permutations(range(len(relations))))

    one, other = reconcile(unknowns, relations), reconcile(unknowns, [relations[i] for i in order])

    assert other.values == one.values
    assert other.probabilities == one.probabilities
    assert other.verdicts == tuple(one.verdicts[i] for i in order)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(cells(), min_size=4, max_size=4))
def test_values_are_candidates_or_nothing_and_probabilities_are_probabilities(
    data: st.DataObject, unknowns: list[Unknown]
) -> None:
    relations = [data.draw(relations_among(indices)) for indices in ([0, 1], [1, 2], [2, 3, 0])]

    found = reconcile(unknowns, relations)

    assert all(0 < p <= 1 for p in found.probabilities)
    assert all(v is None or v in dict(unknown.candidates) for v, unknown in zip(found.values, unknowns, strict=True))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(14, 0.7), (31, 0.7), (31, 0.99), (60, 0.9)]))
def test_a_long_column_gives_the_probabilities_of_its_convolutions(seed: int, rows_and_sure: tuple[int, float]) -> None:
    rows, sure = rows_and_sure
    rng = np.random.default_rng(seed)
    unknowns = [column_cell(rng, int(rng.integers(100)), sure, 99) for _ in range(rows)]
    total = sum(unknown.candidates[0][0] for unknown in unknowns) + int(rng.integers(-3, 4))
    unknowns.append(column_cell(rng, total, sure, 100 * rows))

    found = reconcile(unknowns, [Relation((*((i, 1) for i in range(rows)), (rows, -1)))])

    for i in (0, rows // 2, rows):
        assert abs(found.probabilities[i] - by_convolution(unknowns, i)[found.values[i]]) < 0.025


def column_cell(rng: np.random.Generator, value: int, sure: float, top: int) -> Unknown:
    """A value of 0 to `top` with two candidates within 20 of it."""
    near = [int(v) for v in rng.permutation(np.arange(max(0, value - 20), min(top, value + 20) + 1)) if v != value][:2]
    left = 0.9 * (1 - sure)
    return Unknown(((max(0, value), sure), (near[0], 0.7 * left), (near[1], 0.3 * left)), (0, top))


def by_convolution(unknowns: list[Unknown], index: int) -> dict[int | None, float]:
    """The probabilities of one of the terms of a total, the last unknown, by adding up distributions of all whole numbers."""
    lengths = sum(len(possible(unknown)) - 1 for unknown in unknowns) + 1
    total, others, origin = unknowns[-1], np.ones(1), 0
    for i, unknown in enumerate(unknowns):
        if i != index:
            sign = -1 if unknown is total else 1
            shares = np.zeros(unknown.span[1] + 1)
            for value, p, _ in options(unknown):
                shares[value] += p
            others = np.convolve(others, shares[::sign])
            origin -= unknown.span[1] if unknown is total else 0
    posterior: dict[int | None, float] = {}
    for value, p, published in options(unknowns[index]):
        partner = (value if index == len(unknowns) - 1 else -value) - origin
        chance = others[partner] if 0 <= partner < len(others) else 0.0
        posterior[published] = posterior.get(published, 0.0) + p * (0.97 * chance + 0.03 / lengths)
    return {value: weight / sum(posterior.values()) for value, weight in posterior.items()}
