"""The documentation holds: its links lead somewhere, and its commands and options exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from deployments.cli import app
from digit_core.results.schema import TABLES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DIGITS = typer.main.get_command(app)

_FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.M | re.S)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def commands_of(page: Path) -> Iterator[list[str]]:
    """The `digits` commands of a page's code blocks, as words."""
    for block in _FENCED.findall(page.read_text()):
        for line in block.splitlines():
            words = shlex.split(line, comments=True) if re.match(r"(\S*/)?digits |[A-Z_]+=\S+ (\S*/)?digits ", line) else []
            while words and "=" in words[0]:
                words.pop(0)
            if words:
                yield [word for word in words[1:] if word not in ("&", "...", "…")]


def anchors_of(page: Path) -> set[str]:
    """What a link can name on a page: its headings, as forges write them."""
    text = _FENCED.sub("", page.read_text())
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def unknown(words: list[str]) -> str:
    """What of a command line does not exist; "" if all of it does."""
    command = DIGITS
    while subcommands(command):
        word = next((word for word in words if not word.startswith("-")), "")
        if word not in subcommands(command):
            return f"command {word}" if word else ""
        words = words[words.index(word) + 1 :]
        command = subcommands(command)[word]
    options = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    return next((f"option {word}" for word in words if re.match(r"--?[a-z]", word) and word.split("=")[0] not in options), "")


def subcommands(command: Any) -> dict[str, Any]:
    """By name, with all options: some commands get theirs only when they are asked for."""
    context = typer.Context(command)
    return {name: command.get_command(context, name) for name in getattr(command, "commands", {})}


def all_commands(group: Any, path: str = "") -> Iterator[str]:
    for name, command in subcommands(group).items():
        if subcommands(command):
            yield from all_commands(command, f"{path}{name} ")
        else:
            yield path + name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in _LINK.findall(_FENCED.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        assert not anchor or anchor in anchors_of(file), f"{page.name} links to {target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_the_documentation_exists_with_its_options(page: Path) -> None:
    for words in commands_of(page):
        assert not unknown(list(words)), f"{page.name}: digits {' '.join(words)}: there is no {unknown(list(words))}"


@pytest.mark.parametrize("command", sorted(all_commands(DIGITS)))
def test_every_command_is_told_of_in_the_documentation(command: str) -> None:
    assert any(f"digits {command}" in page.read_text() for page in PAGES if page.name != "CHANGELOG.md")


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert unknown(["digitise", "scans", "--outt", "results"]) == "option --outt"
    assert unknown(["reed", "page.jpg"]) == "command reed"
    assert not unknown(["layout", "propose", "page.jpg", "-o", "form.yaml"])


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def documented_columns(table: str) -> set[str]:
    """Names in the first column of the tables under "In every table" and under the table's own heading."""
    text = (ROOT / "docs" / "results-schema.md").read_text()
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    rows = re.findall(r"^\| (`.*?`) \|", sections["In every table"] + sections[table], re.M)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("table", TABLES)
def test_every_published_column_is_documented_and_no_other(table: str) -> None:
    assert documented_columns(table) == set(TABLES[table].names)
