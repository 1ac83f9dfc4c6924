"""Fixtures that cost seconds and serve a whole test session: a home with a model in service, and a Prefect API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import tiny_model


@pytest.fixture(scope="session")
def served_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DIGITS_HOME whose registry has the tiny model as its champion."""
    home = tmp_path_factory.mktemp("home")
    tiny_model.put_into_service(home)
    return home


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[None]:
    """Prefect with a database of its own, for tests that call flows in this process."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
