"""Faults against real processes. `make faults` runs all of them, for many rounds; `make test` a short selection, once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.faults import Place, make_place, write_slips
from tests.support.servers.prefect import PrefectServer


@pytest.fixture(scope="session")
def slips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slips with two numbers each: four batches at least."""
    return write_slips(tmp_path_factory.mktemp("source") / "scans")


@pytest.fixture(scope="session")
def timed(
    slips: Path, served_home: Path, prefect_server: PrefectServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Place, float]:
    """A run that nothing befell, and the seconds that it took."""
    place = make_place(tmp_path_factory.mktemp("undisturbed"), slips, served_home, **prefect_server.environment)
    began = time.monotonic()
    place.run_well()
    return place, time.monotonic() - began


@pytest.fixture(scope="session")
def undisturbed(timed: tuple[Place, float]) -> Place:
    """A run that nothing befell."""
    return timed[0]


@pytest.fixture(scope="session")
def usual_seconds(timed: tuple[Place, float]) -> float:
    """That a run takes here and now, from its start to its end."""
    return timed[1]


@pytest.fixture
def place(slips: Path, served_home: Path, prefect_server: PrefectServer, tmp_path: Path) -> Place:
    """An empty destination beside the same slips."""
    return make_place(tmp_path, slips, served_home, **prefect_server.environment)
