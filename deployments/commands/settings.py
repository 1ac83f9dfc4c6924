"""The command `digits settings`."""

from __future__ import annotations

from deployments.commands.tables import print_table
from flows.settings import PREFIX, Settings, load_settings, origins, shown


def settings() -> None:
    """Print every setting with its value, its source and its purpose."""
    values, sources = shown(load_settings()), origins()
    rows = [
        (PREFIX + name.upper(), values[name], sources[name], field.description) for name, field in Settings.model_fields.items()
    ]
    print_table(("setting", "value", "from", "description"), rows)
