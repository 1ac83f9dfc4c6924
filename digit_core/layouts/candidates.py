"""Candidates for a number, from the candidates of its digits, for the arithmetic of a form."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import log

from digit_core.readings import DigitReading, Reading, State
from digit_core.records import NOT_A_DIGIT

MOST = 60
"""Greatest number of candidates of a number: single slips of each of its digits, and the likeliest double ones."""

SUREST = 0.995
"""Greatest probability of a reading: on scans unlike the training data errors have other causes than the digits too."""

_EDGE = 0.003
"""Least probability that the first or the last digit is none: a ruling, a bracket, or a neighbour's tail."""

_SLIP = 0.0002
"""Least probability of every other digit: numbers with one digit misread explain a sum far more often than arbitrary ones."""

_MISSED = {"1": 0.002}
_MISSED_OTHER = 0.0003
"""Probability that a digit stands before or after those that were read; a 1 is missed most easily, as part of a ruling."""

DigitLabels = tuple[int, ...]
"""A class for each part of a number; NOT_A_DIGIT for one that is none."""


def candidates(reading: Reading) -> list[tuple[DigitLabels, float]]:
    """Return readings of a number, likeliest first, with their probabilities; together at most `SUREST`."""
    options = [_options(part, place in (0, len(reading.parts) - 1)) for place, part in enumerate(reading.parts)]
    found: list[tuple[DigitLabels, float]] = []
    for labels, probability in _likeliest(options):
        if any(label != NOT_A_DIGIT for label in labels):
            found.append((labels, probability))
        if len(found) == MOST:
            break
    total = sum(probability for _, probability in found)
    scale = min(1.0, SUREST / total) if total else 1.0
    return [(labels, probability * scale) for labels, probability in found]


def fitting(reading: Reading, fewest: int, most: int) -> list[tuple[DigitLabels, float]]:
    """Return the candidates with so many digits, or all of them if none has."""
    all_ = candidates(reading)
    return [pair for pair in all_ if fewest <= len(digits_of(pair[0])) <= most] or all_


def with_one_more(digits: str) -> Iterator[tuple[str, float]]:
    """Yield numbers with one more digit at an end, and the probability that it was missed. They were not read: they may explain a
    sum, and are never published."""
    for digit in "0123456789":
        if digit != "0":
            yield digit + digits, _MISSED.get(digit, _MISSED_OTHER)
        yield digits + digit, _MISSED_OTHER


def _options(part: DigitReading, at_edge: bool) -> list[tuple[int, float]]:
    """Return classes of a part with their probabilities, best first. The rest of the probability is for the other digits."""
    left = max(_SLIP, (1 - sum(share for _, share in part.top)) / NOT_A_DIGIT)
    shares = dict.fromkeys(range(NOT_A_DIGIT), left) | dict(part.top)
    if at_edge:
        shares[NOT_A_DIGIT] = max(shares.get(NOT_A_DIGIT, 0.0), _EDGE)
    total = max(1.0, sum(shares.values()))
    return sorted(((label, share / total) for label, share in shares.items() if share > 0), key=lambda pair: -pair[1])


def _likeliest(options: Sequence[Sequence[tuple[int, float]]]) -> Iterator[tuple[DigitLabels, float]]:
    """Yield all ways to choose one of each, likeliest first (best-first search)."""
    start = (0,) * len(options)
    queue = [(-sum(log(row[0][1]) for row in options), start)] if options else []
    seen = {start}
    while queue:
        cost, chosen = heapq.heappop(queue)
        probability = 1.0
        for row, i in zip(options, chosen, strict=True):
            probability *= row[i][1]
        yield tuple(row[i][0] for row, i in zip(options, chosen, strict=True)), probability
        for place, row in enumerate(options):
            if chosen[place] + 1 < len(row):
                other = (*chosen[:place], chosen[place] + 1, *chosen[place + 1 :])
                if other not in seen:
                    seen.add(other)
                    step = log(row[chosen[place]][1]) - log(row[chosen[place] + 1][1])
                    heapq.heappush(queue, (cost + step, other))


def was_read(reading: Reading, labels: DigitLabels) -> bool:
    """Tell whether each label is one that the reader gave for its part: only such a number may be published."""
    pairs = zip(reading.parts, labels, strict=True)
    return all(label == NOT_A_DIGIT or any(label == read for read, _ in part.top) for part, label in pairs)


def digits_of(labels: DigitLabels) -> str:
    """Return the digits of the labels."""
    return "".join(str(label) for label in labels if label != NOT_A_DIGIT)


def chosen(reading: Reading, labels: DigitLabels, probability: float, state: State, reason: str) -> tuple[DigitReading, ...]:
    """Return the parts of a number with these labels: each with the probability of the whole, and this state and reason."""
    return tuple(_part(part, label, probability, state, reason) for part, label in zip(reading.parts, labels, strict=True))


def _part(part: DigitReading, label: int, probability: float, state: State, reason: str) -> DigitReading:
    others = [(other, share) for other, share in part.top if other != label]
    left = max(0.0, 1 - probability)
    total = sum(share for _, share in others) or 1.0
    rest = tuple((other, min(share, left * share / total)) for other, share in others)[: len(part.top) - 1]
    rejected = label == NOT_A_DIGIT and state is State.ACCEPTED
    return replace(
        part, top=((label, probability), *rest), state=State.REJECTED if rejected else state, reason="" if rejected else reason
    )
