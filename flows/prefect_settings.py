"""Prefect's settings come from the environment and its profile, never from the folder that a command is called in.

Prefect reads `.env`, `prefect.toml` and `pyproject.toml` of the current folder, at the first import and again for every change
of a setting. There they may lie among scans that anyone has sent, and one of them can name a logging file that runs code.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def settle_prefect(home: Path) -> None:
    """From here on Prefect may be imported: what lies in the current folder does not count. `home` is made if need be."""
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(home):  # the import itself reads the files of the folder it happens in
        from prefect.settings import sources
    for source in (sources.PrefectTomlConfigSettingsSource, sources.PyprojectTomlConfigSettingsSource):
        source._read_files = _nothing  # type: ignore[method-assign]
    sources.FilteredDotEnvSettingsSource._read_env_files = _nothing  # type: ignore[method-assign]
    sources.dotenv = SimpleNamespace(dotenv_values=_nothing)  # type: ignore[attr-defined,assignment]
    sources._get_profiles_path_from_toml = lambda *_: None


def _nothing(*_: Any, **__: Any) -> dict[str, Any]:
    return {}
