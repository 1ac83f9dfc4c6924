"""Faults against real processes. `make faults` runs all of them, for many rounds; `make test` a short selection, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_places import Place, make_place, write_slips
from prefect_servers import PrefectServer


@pytest.fixture(scope="session")
def slips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 slips with six numbers each: four batches."""
    return write_slips(tmp_path_factory.mktemp("source") / "scans")


@pytest.fixture(scope="session")
def undisturbed(slips: Path, served_home: Path, prefect_server: PrefectServer, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run that nothing befell."""
    place = make_place(tmp_path_factory.mktemp("undisturbed"), slips, served_home, **prefect_server.environment)
    place.run_well()
    return place


@pytest.fixture
def place(slips: Path, served_home: Path, prefect_server: PrefectServer, tmp_path: Path) -> Place:
    """An empty destination beside the same slips."""
    return make_place(tmp_path, slips, served_home, **prefect_server.environment)
