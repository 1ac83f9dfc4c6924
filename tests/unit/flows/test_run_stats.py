import pytest

from digit_core.errors import BudgetExceededError, FailureReason
from digit_core.readings import ReviewItem
from digit_core.records import Box
from flows.run_stats import KEPT_ITEMS, Tally
from tasks.run_plan import Sealed


def sealed(pages: int, failures: list[tuple[str, FailureReason]] | None = None, items: tuple[ReviewItem, ...] = ()) -> Sealed:
    rows = tuple((uri, 1, reason.value, "why") for uri, reason in failures or [])
    return Sealed({"pages": pages, "numbers": 2 * pages, "digits": 10 * pages, "to_review": pages}, "", rows, items)


def item(number: int, confidence: float) -> ReviewItem:
    top = ((7, confidence), (1, 0.0), (2, 0.0))
    return ReviewItem(f"item-{number}", "a.jpg", "", 0, "n", Box(0, 0, 1, 1), top, "low confidence", "out", "1", b"", b"")


def test_batches_add_up() -> None:
    tally = Tally()

    tally.add(sealed(32))
    tally.add(sealed(8))

    assert (tally.pages, tally.numbers, tally.digits, tally.to_review) == (40, 80, 400, 40)
    assert tally.review_share == 0.1


def test_too_many_failures_end_a_run_once_enough_pages_were_seen() -> None:
    tally = Tally()
    tally.add(sealed(30, [(f"{number}.jpg", FailureReason.TRUNCATED) for number in range(4)]))

    with pytest.raises(BudgetExceededError, match=r"4 of 30 pages .* 10% .*4 truncated.*digits results OUT --state quarantined"):
        tally.check_budget(0.1, "OUT", at_end=False)


def test_a_few_bad_pages_at_the_beginning_do_not_end_a_run_but_count_at_its_end() -> None:
    tally = Tally()
    tally.add(sealed(10, [(f"{number}.jpg", FailureReason.EMPTY) for number in range(3)]))

    tally.check_budget(0.1, "OUT", at_end=False)

    with pytest.raises(BudgetExceededError):
        tally.check_budget(0.1, "OUT", at_end=True)


@pytest.mark.parametrize(("bad", "pages", "allowed"), [(1, 1, 0.1), (2, 3, 0.1), (1, 5, 0.0), (2, 50, 0.0)])
def test_one_or_two_bad_pages_count_if_fewer_were_read_or_none_is_allowed(bad: int, pages: int, allowed: float) -> None:
    tally = Tally()
    tally.add(sealed(pages, [(f"{number}.jpg", FailureReason.EMPTY) for number in range(bad)]))

    with pytest.raises(BudgetExceededError):
        tally.check_budget(allowed, "OUT", at_end=True)


@pytest.mark.parametrize(("bad", "pages"), [(1, 2), (1, 5), (2, 4), (2, 19)])
def test_one_or_two_bad_pages_of_a_small_share_do_not_fail_a_run(bad: int, pages: int) -> None:
    tally = Tally()
    tally.add(sealed(pages, [(f"{number}.jpg", FailureReason.EMPTY) for number in range(bad)]))

    tally.check_budget(0.1, "OUT", at_end=True)

    assert tally.quarantined == bad


def test_just_as_many_failures_as_are_allowed_are_allowed() -> None:
    tally = Tally()
    tally.add(sealed(30, [(f"{number}.jpg", FailureReason.DAMAGED) for number in range(3)]))

    tally.check_budget(0.1, "OUT", at_end=True)

    assert tally.quarantined == 3


def test_text_that_is_called_an_image_does_use_it_up() -> None:
    tally = Tally()
    tally.add(sealed(30, [(f"{number}.PNG", FailureReason.NOT_AN_IMAGE) for number in range(20)]))

    with pytest.raises(BudgetExceededError, match="20 of 30"):
        tally.check_budget(0.5, "OUT", at_end=False)


def test_only_the_least_sure_digits_are_kept_the_worst_first() -> None:
    tally = Tally()
    count = 3 * KEPT_ITEMS
    shuffled = [(number * 7) % count for number in range(count)]

    tally.add(sealed(1, items=tuple(item(number, number / count) for number in shuffled)))

    assert [one.item_id for one in tally.least_sure] == [f"item-{number}" for number in range(KEPT_ITEMS)]


def test_a_digit_of_a_scan_that_is_there_twice_is_shown_once() -> None:
    tally = Tally()

    tally.add(sealed(2, items=(item(1, 0.5), item(2, 0.4), item(1, 0.5))))
    tally.add(sealed(1, items=(item(1, 0.5),)))

    assert [one.item_id for one in tally.least_sure] == ["item-2", "item-1"]
