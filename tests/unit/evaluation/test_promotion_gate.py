"""Each line of the gate refuses what it is there for, in words that say why, and lets an equal model pass."""

from dataclasses import replace

import pytest

from digit_core.errors import InputError
from digit_core.evaluation.gate_report import figures, gate_metrics, markdown, summary
from digit_core.evaluation.model_comparison import Comparison, Pair, Paired, SetComparison
from digit_core.evaluation.promotion_gate import GatePolicy, GateVerdict, verdict

POLICY = GatePolicy()
EVEN = Paired(1000, 970, 10, 10)
SEVEN = 7
TENTH, FAST = Pair(0.10, 0.10), Pair(9000, 9000)


def comparison(total=EVEN, seven=EVEN, review=TENTH, speed=FAST, parity=None, sets=("old ink",)) -> Comparison:
    classes = tuple(seven if label == SEVEN else EVEN for label in range(11))
    return Comparison(tuple(SetComparison(name, total, classes, review) for name in sets), speed, parity, POLICY.residual_error)


def reasons(found: Comparison) -> tuple[str, ...]:
    return verdict(found, POLICY).reasons


def test_a_model_that_is_as_good_passes():
    judged = verdict(comparison(), POLICY)

    assert judged.passed
    assert judged.reasons == ()


def test_a_better_model_passes():
    better = Paired(1000, 970, 2, 20)

    assert verdict(comparison(better, better, Pair(0.1, 0.02), Pair(9000, 20000), 1e-7), POLICY).passed


def test_a_loss_that_chance_does_not_explain_is_refused():
    (reason,) = reasons(comparison(total=Paired(10_000, 9900, 30, 10)))

    assert reason == "on old ink it reads 99.10% right, the champion 99.30% (30 lost, 10 won, McNemar's p = 0.0011)"


def test_a_small_loss_that_chance_explains_passes():
    assert reasons(comparison(total=Paired(10_000, 9900, 14, 10))) == ()


def test_a_large_loss_is_refused_even_where_few_digits_leave_room_for_chance():
    assert len(reasons(comparison(total=Paired(100, 97, 2, 0)))) == 1


def test_a_class_that_is_lost_is_named():
    (reason,) = reasons(comparison(seven=Paired(1000, 950, 30, 5)))

    assert reason == 'on old ink it reads these classes worse: "7" 95.50% right, the champion 98.00%'


def test_a_class_that_loses_little_passes_if_the_whole_does():
    assert reasons(comparison(seven=Paired(1000, 985, 10, 1))) == ()


def test_more_review_for_the_same_error_is_refused():
    (reason,) = reasons(comparison(review=Pair(0.0145, 0.0240)))

    expected = (
        "on old ink it sends 2.40% of the digits to review, the champion 1.45%, when 0.14% of the accepted ones may be wrong"
    )
    assert reason == expected


def test_a_little_more_review_passes():
    assert reasons(comparison(review=Pair(0.0145, 0.0230))) == ()


@pytest.mark.parametrize(("parity", "refused"), [(None, 0), (9e-6, 0), (2e-5, 1), (float("nan"), 1)])
def test_an_onnx_file_that_is_not_the_keras_model_is_refused(parity, refused):
    found = reasons(comparison(parity=parity))

    assert len(found) == refused
    assert all("they are not the same model" in reason for reason in found)


def test_a_model_that_is_much_slower_is_refused():
    (reason,) = reasons(comparison(speed=Pair(9000, 2900)))

    assert reason == "it reads 2,900 digits/s, the champion 9,000; at least 33% of that is required"


def test_every_reason_is_told_the_weightiest_first():
    lost = Paired(1000, 900, 60, 5)

    found = reasons(comparison(lost, lost, Pair(0.1, 0.5), Pair(9000, 10), 0.5, sets=("old ink", "new ink")))

    kinds = ["not the same model", "ink it reads 9", "ink it reads 9", "classes", "classes", "to review", "to review", "digits/s"]
    assert len(found) == len(kinds)
    assert all(kind in reason for kind, reason in zip(kinds, found, strict=True))
    assert [reason.split()[1] for reason in found[1:7]] == ["old", "new"] * 3


def test_a_person_is_told_three_reasons_and_how_many_more_there_are():
    assert GateVerdict(("a", "b", "c", "d", "e")).gist == "a; b; c; and 2 more"
    assert GateVerdict(("a", "b", "c")).gist == "a; b; c"


def test_of_many_lost_classes_the_worst_are_named():
    classes = tuple(Paired(1000, 950 - 10 * label, 30 + 10 * label, 5) for label in range(11))
    found = replace(comparison(), sets=(replace(comparison().sets[0], classes=classes),))

    (reason,) = reasons(found)

    assert [reason.index(f'"{name}"') for name in ("not a digit", "9", "8")] == sorted(
        reason.index(f'"{name}"') for name in ("not a digit", "9", "8")
    )
    assert reason.endswith(" and 8 others")


@pytest.mark.parametrize(
    "wrong", [{"significance": 1.5}, {"residual_error": -0.1}, {"min_speed": -1.0}, {"parity": float("nan")}]
)
def test_a_policy_that_cannot_be_meant_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        GatePolicy(**wrong)


def test_the_report_names_both_versions_every_reason_and_every_picture():
    found = comparison(total=Paired(10_000, 9900, 30, 10))
    judged = verdict(found, POLICY)

    report = markdown(found, judged, "4", "6", ["old-ink-classes.png"])

    assert report.startswith("# Version 6 against champion 4: refused\n\n- on old ink it reads 99.10% right")
    assert "| right on old ink (10,000 digits) | 99.30% | 99.10% |" in report
    assert "| 7 | 1,000 | 98.00% | 98.00% | 10 | 10 | 0.59 |" in report
    assert "![old-ink-classes.png](old-ink-classes.png)" in report
    assert report.startswith(summary(found, judged, "4", "6"))


def test_the_figures_show_parity_only_where_it_was_measured():
    assert ("ONNX and Keras differ by", "", "3e-07") in figures(comparison(parity=3e-7))
    assert len(figures(comparison())) == len(figures(replace(comparison(), parity=0.0))) - 1


def test_the_challengers_figures_become_metrics():
    found = gate_metrics(comparison(review=Pair(0.1, 0.2), speed=Pair(1, 5)))

    assert found == {"gate.digits_per_second": 5, "gate.old_ink.accuracy": 0.98, "gate.old_ink.review_share": 0.2}
