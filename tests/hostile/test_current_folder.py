"""A folder of scans that somebody has sent may hold anything: none of it is run, and none of it is a setting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
MODULES = ("uvicorn", "prefect", "multiprocessing", "socket", "pickle", "numpy", "flows", "digit_core", "sitecustomize")
LOGGING = """
version: 1
disable_existing_loggers: false
handlers:
  trap: {class: logging.FileHandler, filename: %s}
root: {handlers: [trap], level: DEBUG}
"""


@pytest.fixture
def trapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one blank scan among traps, each of which writes into the file `sprung`; it is the current folder."""
    folder = tmp_path / "scans"
    folder.mkdir()
    sprung = tmp_path / "sprung"
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"open({str(sprung)!r}, 'a').write({name!r} + chr(10))\n")
    (folder / "logging.yml").write_text(LOGGING % sprung)
    (folder / ".env").write_text("PREFECT_LOGGING_SETTINGS_PATH=logging.yml\nPREFECT_API_URL=http://127.0.0.1:9/api\n")
    (folder / "prefect.toml").write_text('[api]\nurl = "http://127.0.0.1:9/api"\n[logging]\nsettings_path = "logging.yml"\n')
    (folder / "pyproject.toml").write_text('[tool.prefect.api]\nurl = "http://127.0.0.1:9/api"\n')
    cv2.imwrite(str(folder / "page.png"), np.full((300, 300), 255, np.uint8))
    monkeypatch.chdir(folder)
    return sprung


def digits(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as it is installed, called in the current folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DIGITS_", "PREFECT_"))}
    environment = {**kept, "DIGITS_HOME": str(home), "PREFECT_HOME": str(home / "prefect"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(Path(sys.executable).parent / "digits"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170, check=False)


@pytest.mark.parametrize(
    "words", [("digitise", ".", "--out", "../results", "--max-failed", "1"), ("read", "page.png"), ("settings",)]
)
def test_nothing_that_lies_among_the_scans_is_run(words: tuple[str, ...], trapped: Path, tmp_path: Path) -> None:
    done = digits(tmp_path / "home", *words)

    assert done.returncode == 0, done.stderr
    assert not trapped.exists(), trapped.read_text()
