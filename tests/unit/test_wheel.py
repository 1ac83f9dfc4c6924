"""The wheel of `make wheel` holds all that the program needs where there is no checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("digit_core", "tasks", "flows", "deployments")

pytestmark = pytest.mark.slow


def test_every_file_of_the_program_is_in_the_wheel(tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tmp_path)
    here = {path.relative_to(tmp_path).as_posix() for room in ROOMS for path in (tmp_path / room).rglob("*") if path.is_file()}

    code = "import setuptools.build_meta as build; build.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)

    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        packed = set(file.namelist())
    assert here - packed == set()
    assert any(name.endswith("licenses/LICENSE") for name in packed)
