"""What messages tell people to type exists: options of the command line, and settings."""

import ast
import re
from pathlib import Path

import typer
from typer.main import get_command

from deployments.cli import app
from flows.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
ROOMS = ("digit_core", "tasks", "flows", "deployments")
OF_PREFECT = {"--no-prompt", "--prefect-file", "--overwrite", "--type", "--all", "--param", "--name", "--limit", "--pool"}


def texts() -> list[tuple[str, str]]:
    """(file, text) of every piece of text in the program."""
    return [
        (path.relative_to(ROOT).as_posix(), node.value)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def options_of(command: typer.core.TyperGroup | typer.core.TyperCommand) -> set[str]:
    """Every option of a command and of those below it."""
    context = typer.Context(command)
    own = {name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)}
    below = (
        [command.get_command(context, name) for name in command.list_commands(context)] if hasattr(command, "commands") else []
    )
    return own.union(*(options_of(one) for one in below))


def test_every_option_that_a_text_names_exists():
    known = options_of(get_command(app)) | OF_PREFECT

    named = {(file, option) for file, text in texts() for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text)}

    assert sorted((file, option) for file, option in named if option not in known) == []


def test_every_setting_that_a_text_names_exists():
    known = {PREFIX + name.upper() for name in Settings.model_fields}

    named = {(file, name) for file, text in texts() for name in re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]", text)}

    assert sorted((file, name) for file, name in named if name not in known) == []
