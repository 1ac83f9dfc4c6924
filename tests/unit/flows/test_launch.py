"""Flows that are called from a command: what they do to the process that calls them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextvars import ContextVar

import pytest
from prefect.logging.handlers import PrefectConsoleHandler

from flows.launch import _told

WATCHED: ContextVar[str] = ContextVar("watched", default="")


@pytest.fixture
def handlers() -> Iterator[tuple[logging.Handler, logging.Handler]]:
    """Prefect's own log handler and somebody else's, both on the root logger."""
    both = PrefectConsoleHandler(), logging.StreamHandler()
    for handler in both:
        logging.getLogger().addHandler(handler)
    yield both
    for handler in both:
        logging.getLogger().removeHandler(handler)


def test_prefects_log_is_kept_off_the_terminal_while_a_flow_is_told_of_and_all_other_logs_stay(
    handlers: tuple[logging.Handler, logging.Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_LOGGING_LEVEL", raising=False)
    prefect, other = handlers

    with _told(WATCHED, "somebody"):
        assert (prefect.level, other.level) == (logging.CRITICAL, logging.NOTSET)
        assert WATCHED.get() == "somebody"

    assert (prefect.level, other.level) == (logging.NOTSET, logging.NOTSET)
    assert WATCHED.get() == ""


def test_whoever_sets_a_level_sees_prefects_log(
    handlers: tuple[logging.Handler, logging.Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "INFO")

    with _told(WATCHED, "somebody"):
        assert handlers[0].level == logging.NOTSET
