import tracemalloc

import numpy as np
import pytest
from scipy.stats import binomtest

from digit_core.layouts.arithmetic.belief_propagation import Reconciled, Relation, RelationVerdict, Unknown, reconcile
from tests.support.drawn.tables import Table, draw


def cell(*candidates: tuple[int, float], top: int = 999) -> Unknown:
    return Unknown(candidates, (0, top))


def total_of(cells: int, **options: float) -> Relation:
    """The unknown after so many cells is their total."""
    return Relation((*((i, 1) for i in range(cells)), (cells, -1)), **options)


COLUMN = [cell((value, 0.95), (value + 40, 0.03)) for value in (120, 305, 77, 418)]
TOTAL = cell((920, 0.97), (970, 0.01), top=4999)


def test_a_misread_cell_is_corrected_by_the_total() -> None:
    misread = cell((17, 0.8), (77, 0.15))

    found = reconcile([*COLUMN[:2], misread, COLUMN[3], TOTAL], [total_of(4)])

    assert found.values == (120, 305, 77, 418, 920)
    assert found.probabilities[2] > 0.99
    assert found.verdicts == (RelationVerdict.AGREES,)


def test_two_misread_cells_are_corrected_by_the_total() -> None:
    first, second = cell((126, 0.7), (120, 0.25)), cell((17, 0.7), (77, 0.25))

    found = reconcile([first, COLUMN[1], second, COLUMN[3], TOTAL], [total_of(4)])

    assert found.values == (120, 305, 77, 418, 920)
    assert min(found.probabilities) > 0.98


def test_a_misread_total_is_corrected_by_its_cells() -> None:
    found = reconcile([*COLUMN, cell((970, 0.8), (920, 0.15), top=4999)], [total_of(4)])

    assert found.values[-1] == 920
    assert found.verdicts == (RelationVerdict.AGREES,)


def test_cells_whose_total_agrees_are_surer_than_before() -> None:
    found = reconcile([*COLUMN, TOTAL], [total_of(4)])

    assert found.values == (120, 305, 77, 418, 920)
    assert min(found.probabilities) > 0.995


def test_a_total_that_the_observer_reckoned_wrong_leaves_right_cells_as_they_are_but_less_sure() -> None:
    unknowns = [*COLUMN, cell((933, 0.97), (983, 0.01), top=4999)]

    found, alone = reconcile(unknowns, [total_of(4)]), reconcile(unknowns, [])

    assert found.values == alone.values == (120, 305, 77, 418, 933)
    assert found.verdicts == (RelationVerdict.BROKEN,)
    assert all(after < before for after, before in zip(found.probabilities, alone.probabilities, strict=True))


def test_a_relation_that_is_not_trusted_says_nothing() -> None:
    unknowns = [cell((17, 0.8), (77, 0.15)), *COLUMN[:2], COLUMN[3], TOTAL]

    found = reconcile(unknowns, [total_of(4, trust=0.0)])

    assert found.values == (17, 120, 305, 418, 920)
    assert found.probabilities == pytest.approx(reconcile(unknowns, []).probabilities, abs=1e-9)
    assert found.verdicts == (RelationVerdict.BROKEN,)


def test_cells_without_doubt_stay_so_and_cells_without_relation_keep_their_probability() -> None:
    sure = [cell((value, 1.0)) for value in (3, 4, 7)]

    found = reconcile([*sure, COLUMN[0]], [total_of(2)])

    assert found.values == (3, 4, 7, 120)
    assert found.probabilities == (1.0, 1.0, 1.0, pytest.approx(0.95))


def test_a_cell_that_was_misread_for_nothing_it_could_be_is_something_else() -> None:
    hopeless = cell((500, 0.9), (506, 0.05))

    found = reconcile([*COLUMN[:3], hopeless, cell((920, 0.9999), top=4999)], [total_of(4, trust=0.999)])

    assert found.values == (120, 305, 77, None, 920)
    assert found.verdicts == (RelationVerdict.UNDECIDED,)


def test_a_cell_that_nobody_could_read_is_never_given_the_value_that_is_missing() -> None:
    found = reconcile([*COLUMN[:3], cell(), TOTAL], [total_of(4)])

    assert found.values == (120, 305, 77, None, 920)
    assert found.probabilities[3] == 1.0


def test_a_blank_cell_adds_nothing() -> None:
    blank = cell((0, 0.6), (1, 0.3))

    found = reconcile([*COLUMN, TOTAL, blank], [Relation((*((i, 1) for i in (0, 1, 2, 3, 5)), (4, -1)))])

    assert found.values == (120, 305, 77, 418, 920, 0)
    assert found.probabilities[5] > 0.98


def test_a_mean_to_three_places_reads_the_total_that_it_was_reckoned_from() -> None:
    total, mean = cell((3141, 0.6), (3147, 0.35), top=9999), cell((2623, 0.9), (2628, 0.05), top=9999)

    found = reconcile([total, mean], [Relation(((1, 12), (0, -10)), -6, 6)])

    assert found.values == (3147, 2623)
    assert found.verdicts == (RelationVerdict.AGREES,)


RUNNING = [15, 35, 65, 105, 155, 215, 285, 365, 455, 555]


def running_totals() -> tuple[list[Unknown], list[Relation]]:
    """Running totals, all but the last as likely 5 less as what they are, and after them what was added each time."""
    totals = [cell((value - 5, 0.5), (value, 0.45)) for value in RUNNING[:-1]] + [cell((RUNNING[-1], 0.999))]
    added = [cell((int(value), 0.999)) for value in np.diff(RUNNING)]
    return totals + added, [Relation(((i, 1), (len(RUNNING) + i, 1), (i + 1, -1))) for i in range(len(added))]


def test_running_totals_carry_what_is_known_from_end_to_end() -> None:
    unknowns, relations = running_totals()

    found = reconcile(unknowns, relations)

    assert list(found.values[: len(RUNNING)]) == RUNNING
    assert min(found.probabilities[: len(RUNNING)]) > 0.98


def test_running_totals_do_so_where_relations_form_loops_as_well() -> None:
    unknowns, relations = running_totals()
    loop = Relation(((len(RUNNING), 1), (len(RUNNING) + 4, -1)), -100, 100)

    found = reconcile(unknowns, [*relations, loop])

    assert list(found.values[: len(RUNNING)]) == RUNNING


def test_equal_fields_and_sequences_are_relations_as_well() -> None:
    doubtful = cell((1941, 0.5), (1947, 0.45), top=2000)

    equal = reconcile([doubtful, cell((1947, 0.9), top=2000)], [Relation(((0, 1), (1, -1)))])
    follows = reconcile([doubtful, cell((1948, 0.9), top=2000)], [Relation(((1, 1), (0, -1)), 1, 1)])

    assert equal.values == (1947, 1947)
    assert follows.values == (1947, 1948)


def test_a_relation_that_can_never_hold_changes_nothing_and_is_broken() -> None:
    found = reconcile([COLUMN[0], COLUMN[1]], [Relation(((0, 2), (1, -2)), 1, 1)])

    assert found.values == (120, 305)
    assert found.probabilities == pytest.approx((0.95, 0.95))
    assert found.verdicts == (RelationVerdict.BROKEN,)


def test_nothing_to_reconcile_is_nothing() -> None:
    assert reconcile([], []) == Reconciled((), (), ())


def tables(count: int, rows: int, columns: int = 1, **options: bool) -> list[tuple[Table, Reconciled]]:
    drawn = [draw(seed, rows, columns, **options) for seed in range(count)]
    return [(table, reconcile(table.unknowns, table.relations)) for table in drawn]


def sure_and_refuted(reconciled: list[tuple[Table, Reconciled]]) -> tuple[int, int]:
    sure = np.concatenate([np.array(result.probabilities) >= 0.99 for _, result in reconciled])
    refuted = np.concatenate([table.refuted(result) for table, result in reconciled])
    return int(sure.sum()), int((sure & refuted).sum())


def share_wrong(reconciled: list[tuple[Table, Reconciled]]) -> tuple[float, float]:
    """Of all cells, as they were read and as they were reconciled; a right value that is not published counts as wrong."""
    before = np.concatenate([table.wrong(table.read) for table, _ in reconciled])
    after = np.concatenate([table.wrong(result.values) for table, result in reconciled])
    return float(before.mean()), float(after.mean())


def test_of_300_columns_of_12_the_sure_cells_are_right_and_half_of_the_errors_are_gone() -> None:
    reconciled = tables(300, 12)

    sure, refuted = sure_and_refuted(reconciled)
    before, after = share_wrong(reconciled)

    assert sure > 2000
    assert binomtest(refuted, sure, 0.01, alternative="greater").pvalue > 0.01
    assert after < before / 2


def test_of_tables_with_row_and_column_totals_nine_errors_in_ten_are_gone_and_the_sure_cells_are_right() -> None:
    reconciled = tables(20, 12, 6, row_totals=True)

    sure, refuted = sure_and_refuted(reconciled)
    before, after = share_wrong(reconciled)

    assert sure > 1500
    assert binomtest(refuted, sure, 0.01, alternative="greater").pvalue > 0.01
    assert after < before / 10


def test_probabilities_say_how_many_are_wrong() -> None:
    reconciled = tables(200, 8)
    probabilities = np.concatenate([result.probabilities for _, result in reconciled])
    refuted = np.concatenate([table.refuted(result) for table, result in reconciled])

    for low, high in ((0.5, 0.9), (0.9, 0.99), (0.99, 1.01)):
        band = (probabilities >= low) & (probabilities < high)
        spread = np.sqrt((probabilities[band] * (1 - probabilities[band])).sum())
        assert abs(refuted[band].sum() - (1 - probabilities[band]).sum()) < 4 * spread + 1


def test_money_takes_no_more_memory_than_rain() -> None:
    table = draw(1, 31, 2, digits=6, row_totals=True)

    tracemalloc.start()
    reconcile(table.unknowns, table.relations)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100 * 2**20


@pytest.mark.parametrize(
    ("candidates", "span", "message"),
    [
        (((1, 0.5), (1, 0.2)), (0, 9), "once"),
        (((1, 1.2),), (0, 9), "from 0 to 1"),
        (((1, 0.7), (2, 0.7)), (0, 9), "at most 1 together"),
        (((1, 0.5),), (9, 0), "low to its high"),
    ],
)
def test_an_unknown_that_cannot_be_is_refused(
    candidates: tuple[tuple[int, float], ...], span: tuple[int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Unknown(candidates, span)


@pytest.mark.parametrize(
    ("terms", "options", "message"),
    [
        ((), {}, "has terms"),
        (((0, 1), (0, -1)), {}, "once"),
        (((0, 0),), {}, "not 0"),
        (((0, 1),), {"low": 2, "high": 1}, "low to its high"),
        (((0, 1),), {"trust": 1.0}, "without error"),
    ],
)
def test_a_relation_that_cannot_be_is_refused(
    terms: tuple[tuple[int, int], ...], options: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Relation(terms, **options)


def test_a_relation_of_unknowns_that_are_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="there are 1 unknowns"):
        reconcile([COLUMN[0]], [Relation(((0, 1), (1, -1)))])
