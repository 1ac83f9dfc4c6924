"""Checkpoints of a training in chapters: the state after the last chapters, and a note that says what they were trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError

_NOTE = "training.json"
Losses = Sequence[Mapping[str, float]]


def keep(folder: Path, identity: Mapping[str, Any], state: Mapping[str, NDArray[np.generic]], history: Losses) -> None:
    """Save the state after the last chapter of `history`; the note that names it is written last. Two states are kept."""
    chapter = len(history) - 1
    part = folder / "state.part.npz"
    np.savez(part, **state)  # type: ignore[arg-type]
    part.replace(_state(folder, chapter))
    note = folder / _NOTE
    part = note.with_suffix(".part")
    part.write_text(json.dumps({"params": identity, "history": list(history)}), encoding="utf-8")
    part.replace(note)
    _state(folder, chapter - 2).unlink(missing_ok=True)


def kept_history(folder: Path, identity: Mapping[str, Any], chapters: int) -> list[Mapping[str, float]]:
    """Return the losses of the chapters already trained: none when the saved ones have another identity.

    Raises InputError when there are more of them than `chapters`: training cannot be undone.
    """
    note = folder / _NOTE
    if not note.exists():
        return []
    kept = json.loads(note.read_text(encoding="utf-8"))
    if kept["params"] != identity:
        return []
    history: list[Mapping[str, float]] = kept["history"]
    if len(history) > chapters:
        raise InputError(
            f"the training in {folder} has learned {len(history)} chapters already, and {chapters} are asked for; "
            "ask for as many or more, or remove the folder"
        )
    return history


def load_state(folder: Path, chapter: int) -> dict[str, NDArray[np.generic]]:
    """Return the state that `keep` saved after a chapter, counted from 0."""
    with np.load(_state(folder, chapter), allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def _state(folder: Path, chapter: int) -> Path:
    return folder / f"state-{chapter:03d}.npz"
