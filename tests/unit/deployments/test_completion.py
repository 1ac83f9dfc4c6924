"""`digits completion`, and what the shell asks with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from deployments.cli import app


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_gets_a_script_that_asks_digits(shell: str) -> None:
    done = CliRunner().invoke(app, ["completion", shell])

    assert done.exit_code == 0
    assert "_DIGITS_COMPLETE" in done.stdout


def test_another_shell_is_refused() -> None:
    assert CliRunner().invoke(app, ["completion", "tcsh"]).exit_code == 2


@pytest.mark.parametrize(
    ("words", "wanted"), [("digits dig", "digitise"), ("digits export --a", "--as"), ("digits digitise --thr", "--threshold")]
)
def test_the_shell_is_told_the_commands_and_options(words: str, wanted: str) -> None:
    asked = {"_DIGITS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    code = "import sys; sys.argv[0] = 'digits'; from deployments.cli import main; main()"

    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **asked}, capture_output=True, text=True)

    assert wanted in done.stdout.split()
