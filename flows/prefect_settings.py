"""Isolation of Prefect's settings from the current folder: they come from the environment and Prefect's profile only.

Prefect reads `.env`, `prefect.toml` and `pyproject.toml` of the current folder, at the first import and again for every change of
a setting. Anyone who sends scans could place such files there, and one of them can name a logging file that runs code.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def settle_prefect(home: Path) -> None:
    """Import Prefect's settings while ignoring the current folder; after this Prefect may be imported. Creates `home` if
    needed."""
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(home):  # the import itself reads files of the current folder
        from prefect.settings import sources
    for source in (sources.PrefectTomlConfigSettingsSource, sources.PyprojectTomlConfigSettingsSource):
        source._read_files = _nothing  # type: ignore[method-assign]
    sources.FilteredDotEnvSettingsSource._read_env_files = _nothing  # type: ignore[method-assign]
    sources.dotenv = SimpleNamespace(dotenv_values=_nothing)  # type: ignore[attr-defined,assignment]
    sources._get_profiles_path_from_toml = lambda *_: None


def _nothing(*_: Any, **__: Any) -> dict[str, Any]:
    return {}
