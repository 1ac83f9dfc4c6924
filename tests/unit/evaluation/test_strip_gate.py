"""The gate for detectors and strip readers, on answers that are made up."""

import numpy as np

from digit_core.evaluation.promotion_gate import GatePolicy
from digit_core.evaluation.strip_gate import StripAnswers, compare_strips, strip_figures, strip_metrics, strip_verdict


def answers(right: list[bool], sure: list[float] | None = None, speed: float = 100.0) -> StripAnswers:
    return StripAnswers(np.array(right), np.array(sure or [0.9] * len(right)), speed)


GOOD = [True] * 90 + [False] * 10


def reasons(champion: StripAnswers, challenger: StripAnswers) -> tuple[str, ...]:
    return strip_verdict([compare_strips("strips", champion, challenger)], GatePolicy()).reasons


def test_as_good_as_the_champion_is_good_enough():
    assert reasons(answers(GOOD), answers(GOOD)) == ()
    assert reasons(answers(GOOD), answers(GOOD[::-1])) == ()


def test_fewer_numbers_read_exactly_than_chance_explains_is_a_reason():
    worse, unsure_where_wrong = [True] * 70 + [False] * 30, [0.9] * 70 + [0.1] * 30

    (reason,) = reasons(answers(GOOD), answers(worse, unsure_where_wrong))

    assert "reads 70.00% of the numbers exactly, the champion 90.00% (20 lost, 0 won" in reason


def test_errors_among_the_surest_are_a_reason_although_as_many_are_right():
    unsure_where_wrong = [0.9] * 90 + [0.1] * 10
    sure_where_wrong = [0.1] * 90 + [0.9] * 10

    (reason,) = reasons(answers(GOOD, unsure_where_wrong), answers(GOOD, sure_where_wrong))

    assert reason == "on strips 10 of its surest half are wrong, of the champion's 0"


def test_a_much_slower_one_is_refused():
    (reason,) = reasons(answers(GOOD), answers(GOOD, speed=20.0))

    assert "20 strips/s, the champion 100" in reason


def test_figures_name_both_and_metrics_the_challengers():
    compared = compare_strips("worn strips", answers(GOOD), answers([True] * 100))

    assert strip_figures([compared])[0] == ("worn strips read exactly (100 strips)", "90.00%", "100.00%")
    assert strip_metrics([compared]) == {"gate.worn_strips.exact": 1.0, "gate.worn_strips.wrong_in_surest_half": 0.0}
