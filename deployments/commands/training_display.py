"""Progress display of a training: a bar on a terminal, elsewhere one line per epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from deployments.commands.run_display import duration

EVERY_IN_LOG = 2.0  # seconds between two lines at least; the last epoch always gets its line


EpochLine = Callable[[int, int, Mapping[str, float]], str]


class Epochs:
    """Context that shows one training after the other on `stream`."""

    def __init__(self, stream: TextIO, state: EpochLine | None = None) -> None:
        """Take `state`, which formats an epoch (from 0) of so many as one line."""
        self._state = state or epoch_state
        self._console = Console(file=stream)
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeRemainingColumn()
        self._bar = Bar(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        self._task: TaskID | None = None
        self._name, self._epochs = "", 0
        self._started = self._said = 0.0

    def __enter__(self) -> Epochs:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, name: str, epochs: int) -> None:
        """Start the display of a training with this recipe."""
        self._name, self._epochs, self._started = name, epochs, time.monotonic()
        self._task = self._bar.add_task(name, total=epochs, state="starting")

    def tell(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Report that an epoch (from 0) is finished."""
        if self._console.is_terminal:
            if self._task is not None:
                self._bar.update(self._task, completed=epoch + 1, state=self._state(epoch, self._epochs, metrics))
        elif epoch + 1 == self._epochs or time.monotonic() - self._said >= EVERY_IN_LOG:
            self._said = time.monotonic()
            took = duration(self._said - self._started)
            self._console.print(
                f"{self._name}: {self._state(epoch, self._epochs, metrics)}, {took}", soft_wrap=True, highlight=False
            )

    def end(self, line: str) -> None:
        """End the display of this training with a line that stays."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._console.print(line, soft_wrap=True, highlight=False, markup=False)


def epoch_state(epoch: int, epochs: int, metrics: Mapping[str, float]) -> str:
    """Format an epoch as one line."""
    return (
        f"epoch {epoch + 1} of {epochs}, loss {metrics['train_loss']:.4f}, "
        f"validation loss {metrics['validation_loss']:.4f}, accuracy {metrics['validation_accuracy']:.2%}"
    )
