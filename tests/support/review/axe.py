"""Accessibility of a page as axe-core finds it, Deque's engine, which npm has."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

VERSION = "4.14.1"

_RUN = """() => axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations.map((one) =>
  `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target.join(" ") + " (" + node.failureSummary.split("\\n").slice(1)
    .map((line) => line.trim()).join("; ") + ")").join(", ")}`))"""


@pytest.fixture(scope="session")
def faults_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], list[str]]:
    """A function that lists what axe finds on a page of the browser: rule, what it asks for, and where. Skips without axe."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, which brings axe-core (Debian: apt-get install npm)")
    folder = tmp_path_factory.mktemp("axe")
    got = subprocess.run([npm, "pack", f"axe-core@{VERSION}"], cwd=folder, capture_output=True, text=True, timeout=120)
    if got.returncode:
        pytest.skip(f"npm cannot bring axe-core: {got.stderr.strip()[-200:]}")
    with tarfile.open(folder / f"axe-core-{VERSION}.tgz") as package:
        script = package.extractfile("package/axe.min.js")
        assert script is not None
        source = script.read().decode()

    def found(page: Any) -> list[str]:
        page.evaluate(source)  # not as an element: the page's own policy would refuse it
        return list(page.evaluate(_RUN))

    return found
