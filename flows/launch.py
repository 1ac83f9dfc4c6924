"""Running a flow from this process, with the configured Prefect API or a temporary local one."""

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
    """Run the flow `digitise` with these parameters, counting into `progress`. Raises the flow's errors."""
    with prefect_for(settings):
        from flows.digitise import digitise

        with _told(current, progress):
            tally: Tally = digitise(**parameters)
            return tally


def run_retry(settings: Settings, progress: RunProgress, **parameters: Any) -> Tally:
    """Run the flow `retry`, counting into `progress`. Raises the flow's errors."""
    with prefect_for(settings):
        from flows.retry import retry

        with _told(current, progress):
            tally: Tally = retry(**parameters)
            return tally


@contextmanager
def trainings(settings: Settings, watch: Callable[[int, Mapping[str, float]], None]) -> Iterator[Callable[..., Registered]]:
    """Provide the flow `train`, to be called any number of times; `watch` receives every epoch (from 0) with its metrics."""
    with prefect_for(settings):
        from flows.train import train, watching

        with _told(watching, watch):
            yield train


@contextmanager
def network_training(
    settings: Settings, network: str, watch: Callable[[int, Mapping[str, float]], None]
) -> Iterator[Callable[..., RegisteredNetwork]]:
    """Provide the flow that trains "strip-reader" or "detector"; `watch` receives every chapter (from 0) with its losses."""
    with prefect_for(settings):
        from flows.train_networks import train_detector, train_reader, watching

        with _told(watching, watch):
            yield train_detector if network == "detector" else train_reader


def run_promote(settings: Settings, tell: Callable[[Figures], None], **parameters: Any) -> Promoted:
    """Run the flow `promote`; `tell` receives the figures before the verdict. Raises the flow's errors."""
    with prefect_for(settings):
        from flows.promote import promote

        with _told(on_figures, tell):
            promoted: Promoted = promote(**parameters)
            return promoted


def run_feedback(settings: Settings, **parameters: Any) -> Fed:
    """Run the flow `feedback`. Raises the flow's errors."""
    with prefect_for(settings):
        from flows.feedback import feedback

        with _log_kept_off_the_terminal():
            fed: Fed = feedback(**parameters)
            return fed


@contextmanager
def prefect_for(settings: Settings) -> Iterator[None]:
    """Set up Prefect; flows may be imported and called inside this context."""
    for name, value in _UNLESS_SET.items():
        os.environ.setdefault(name, value)
    settle_prefect(settings.home_folder)
    with _api(settings):
        yield


@contextmanager
def _told(variable: ContextVar[Value], value: Value) -> Iterator[None]:
    """Set the variable, so that the flow reports to `value`, and keep its log off the terminal."""
    token = variable.set(value)
    try:
        with _log_kept_off_the_terminal():
            yield
    finally:
        variable.reset(token)


@contextmanager
def _log_kept_off_the_terminal() -> Iterator[None]:
    """Send Prefect's log to the API only, because the terminal shows a progress bar; a log level set by the user wins."""
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
        updates[PREFECT_FLOWS_HEARTBEAT_FREQUENCY] = None  # the heartbeat's thread would delay the end of every flow by a second
    with ExitStack() as stack:
        if configured := PREFECT_API_URL.value():
            check_reachable(configured)
        else:
            log = settings.home_folder / "prefect-server.log"
            updates[PREFECT_API_URL] = stack.enter_context(local_api(log))
            import prefect.main  # noqa: F401  slow to import; done while the server starts

            wait_until_ready(updates[PREFECT_API_URL], log)
        stack.enter_context(temporary_settings(updates))
        try:
            yield
        finally:
            _send_the_rest()


def _send_the_rest() -> None:
    """Send pending logs and events before the local server ends; Prefect would retry for minutes otherwise."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=5)
    EventsWorker.drain_all(timeout=5)
