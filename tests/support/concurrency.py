"""Several Python processes that do the same thing at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

_GATE = 'print("ready", flush=True); input()\n'


def together(imports: str, action: str, arguments: Sequence[Sequence[str]]) -> list[str]:
    """Run `imports` and then `action` in one process for each list of arguments (`sys.argv[1:]`); returns what they printed.

    All wait between the two until every one of them is ready. Raises AssertionError if one of them fails.
    """
    code = imports + "\n" + _GATE + action
    processes = [
        subprocess.Popen([sys.executable, "-c", code, *words], text=True, **dict.fromkeys(("stdin", "stdout", "stderr"), -1))
        for words in arguments
    ]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), "\n".join(err for _, err in answers)
    return [printed for printed, _ in answers]
