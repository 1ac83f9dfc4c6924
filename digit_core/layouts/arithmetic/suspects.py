"""Of a sum that does not come out, the few cells that a person must be asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from digit_core.layouts.arithmetic.belief_propagation import Reconciled, RelationVerdict, Unknown
from digit_core.layouts.arithmetic.constraints import CellRelation
from digit_core.layouts.template import Place

_COVERED = 0.9
"""Of what explains a broken sum, how much the cells that are asked for must."""

_UNLIKELY = 1e-9


def cells_to_ask(
    relations: Sequence[CellRelation],
    result: Reconciled,
    order: Sequence[Place],
    unknowns: Sequence[Unknown],
    doubtful: Collection[Place],
) -> set[Place]:
    """The cells whose other readings mend a sum that does not come out, likeliest first, until those explain it; all cells of a
    sum that none of them mends.

    order: the cells of the unknowns and of the result; doubtful: those that a person is asked for anyway. One of these may be
    anything, so it may mend a sum whatever was read in it.
    """
    number = {place: i for i, place in enumerate(order)}
    asked: set[Place] = set()
    for relation, verdict in zip(relations, result.verdicts, strict=True):
        if verdict is not RelationVerdict.AGREES:
            own = [number[place] for place, _ in relation.terms]
            values = [_likeliest(result.values[i], unknowns[i]) for i in own]
            asked |= set(_of_sum(relation, values, [unknowns[i] for i in own], doubtful))
    return asked


def _likeliest(value: int | None, unknown: Unknown) -> int:
    """What the sums leave, or, where that is something that was not read, what was."""
    return value if value is not None else unknown.candidates[0][0] if unknown.candidates else 0


def _of_sum(
    relation: CellRelation, values: Sequence[int], unknowns: Sequence[Unknown], doubtful: Collection[Place]
) -> Iterator[Place]:
    total = sum(factor * value for (_, factor), value in zip(relation.terms, values, strict=True))
    odds: list[tuple[float, Place]] = []
    for (place, factor), value, unknown in zip(relation.terms, values, unknowns, strict=True):
        shares = dict(unknown.candidates)
        without = total - factor * value
        mends = [share for other, share in shares.items() if relation.low <= without + factor * other <= relation.high]
        likely = max(sum(mends), unknown.rest if place in doubtful else 0.0)
        if likely > 0:
            odds.append((likely / max(shares.get(value, 0.0), _UNLIKELY), place))
    if not odds:
        yield from (place for place, _ in relation.terms)
        return
    needed = _COVERED * sum(odd for odd, _ in odds)
    for odd, place in sorted(odds, key=lambda pair: -pair[0]):
        yield place
        needed -= odd
        if needed <= 0:
            return
