import pytest

from digit_core.errors import StorageError, StorageUnavailableError
from tasks import retries
from tasks.retries import RETRIES, patiently


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been waited."""
    seconds: list[float] = []
    monkeypatch.setattr(retries.time, "sleep", seconds.append)
    return seconds


def answers(*outcomes: object):
    left = iter(outcomes)

    def action() -> object:
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return action


def test_a_store_that_is_away_is_waited_for_longer_each_time(waited: list[float]) -> None:
    away = StorageUnavailableError("away")

    assert patiently(answers(away, away, away, 47)) == 47
    assert waited == [1, 2, 4]


def test_a_store_that_stays_away_is_an_error_in_the_end(waited: list[float]) -> None:
    away = StorageUnavailableError("away")

    with pytest.raises(StorageUnavailableError):
        patiently(answers(*[away] * (RETRIES + 1)))
    assert sum(waited) >= 30


def test_what_a_store_refuses_is_not_asked_again(waited: list[float]) -> None:
    with pytest.raises(StorageError, match="no space"):
        patiently(answers(StorageError("no space"), 47))
    assert waited == []
