"""What all tests share: real servers, and no clock on drawn examples (a busy machine is no defect). Those marked long run
with FAULTS=1 alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.order import rank

HERE = Path(__file__).parent

pytest_plugins = [
    "tests.support.servers.object_stores",
    "tests.support.servers.postgres",
    "tests.support.fixtures",
    "tests.support.servers.prefect",
    "tests.support.review.items",
    "tests.support.review.site",
    "tests.support.review.axe",
    "tests.support.review.editor",
]

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: rank(item.path, HERE, slow))
    long = [item for item in items if item.get_closest_marker("long")]
    if os.environ.get("FAULTS") == "1":
        for item in long:
            item.add_marker(pytest.mark.timeout(7200))
        return
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
