"""Running a flow from this process: with the Prefect API that is configured, or with a local one for the time of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from flows.local_server import check_reachable, local_api, wait_until_ready
from flows.prefect_settings import settle_prefect
from flows.progress import RunProgress, current
from flows.promote_result import Figures, Promoted, on_figures
from flows.run_stats import Tally
from flows.settings import Settings, is_set

if TYPE_CHECKING:
    from flows.feedback import Fed
    from flows.train import Registered
    from flows.train_networks import RegisteredNetwork

Value = TypeVar("Value")

_UNLESS_SET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


def run_digitise(settings: Settings, progress: RunProgress, **parameters: Any) -> Tally:
    """Call the flow `digitise` with these parameters, counting into `progress`. Raises what the flow raises."""
    with prefect_for(settings):
        from flows.digitise import digitise

        with _told(current, progress):
            tally: Tally = digitise(**parameters)
            return tally


def run_retry(settings: Settings, progress: RunProgress, **parameters: Any) -> Tally:
    """Call the flow `retry`, as `run_digitise` does with the flow `digitise`."""
    with prefect_for(settings):
        from flows.retry import retry

        with _told(current, progress):
            tally: Tally = retry(**parameters)
            return tally


@contextmanager
def trainings(settings: Settings, watch: Callable[[int, Mapping[str, float]], None]) -> Iterator[Callable[..., Registered]]:
    """The flow `train`, to be called as often as wanted; `watch` is told of every epoch (from 0) with its metrics."""
    with prefect_for(settings):
        from flows.train import train, watching

        with _told(watching, watch):
            yield train


@contextmanager
def network_training(
    settings: Settings, network: str, watch: Callable[[int, Mapping[str, float]], None]
) -> Iterator[Callable[..., RegisteredNetwork]]:
    """The flow that trains "strip-reader" or "detector"; `watch` is told of every chapter (from 0) with its losses."""
    with prefect_for(settings):
        from flows.train_networks import train_detector, train_reader, watching

        with _told(watching, watch):
            yield train_detector if network == "detector" else train_reader


def run_promote(settings: Settings, tell: Callable[[Figures], None], **parameters: Any) -> Promoted:
    """Call the flow `promote`; `tell` is given the figures before the verdict falls. Raises what the flow raises."""
    with prefect_for(settings):
        from flows.promote import promote

        with _told(on_figures, tell):
            promoted: Promoted = promote(**parameters)
            return promoted


def run_feedback(settings: Settings, **parameters: Any) -> Fed:
    """Call the flow `feedback`. Raises what the flow raises."""
    with prefect_for(settings):
        from flows.feedback import feedback

        with _log_kept_off_the_terminal():
            fed: Fed = feedback(**parameters)
            return fed


@contextmanager
def prefect_for(settings: Settings) -> Iterator[None]:
    """Flows may be imported and called in here."""
    for name, value in _UNLESS_SET.items():
        os.environ.setdefault(name, value)
    settle_prefect(settings.home_folder)
    with _api(settings):
        yield


@contextmanager
def _told(variable: ContextVar[Value], value: Value) -> Iterator[None]:
    """What goes on in the flow is told to `value`, and not by its log to the terminal."""
    token = variable.set(value)
    try:
        with _log_kept_off_the_terminal():
            yield
    finally:
        variable.reset(token)


@contextmanager
def _log_kept_off_the_terminal() -> Iterator[None]:
    """A progress bar is shown there; the log goes to the API. Whoever sets a level wants to see it."""
    from prefect.logging.handlers import PrefectConsoleHandler

    handlers = [] if is_set("PREFECT_LOGGING_LEVEL") else logging.getLogger().handlers
    before = [(handler, handler.level) for handler in handlers if isinstance(handler, PrefectConsoleHandler)]
    for handler, _ in before:
        handler.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for handler, level in before:
            handler.setLevel(level)


@contextmanager
def _api(settings: Settings) -> Iterator[None]:
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    updates: dict[Any, Any] = {}
    if not is_set("PREFECT_FLOWS_HEARTBEAT_FREQUENCY"):
        updates[PREFECT_FLOWS_HEARTBEAT_FREQUENCY] = None  # its thread makes every flow end a second later
    with ExitStack() as stack:
        if configured := PREFECT_API_URL.value():
            check_reachable(configured)
        else:
            log = settings.home_folder / "prefect-server.log"
            updates[PREFECT_API_URL] = stack.enter_context(local_api(log))
            import prefect.main  # noqa: F401  takes as long as the server, which starts meanwhile

            wait_until_ready(updates[PREFECT_API_URL], log)
        stack.enter_context(temporary_settings(updates))
        try:
            yield
        finally:
            _send_the_rest()


def _send_the_rest() -> None:
    """What Prefect still has for a server that is about to end; it would try to reach it for minutes otherwise."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=5)
    EventsWorker.drain_all(timeout=5)
