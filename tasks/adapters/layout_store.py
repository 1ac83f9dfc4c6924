"""The folder of layouts: one YAML file per layout, with its name."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from digit_core.errors import InputError
from digit_core.layouts.template import Layout
from digit_core.layouts.template_file import MOST_BYTES, layout_text, parse_layout

_LONGEST = 80
_SAFE = re.compile(rf"[^\W_][\w .()+-]{{0,{_LONGEST - 1}}}")
"""Pattern of a safe name: begins with a letter or a digit; no slash, no control character, nothing special to a shell or a web
page."""


class TakenError(InputError):
    """Another layout with that name exists; `version` is its version."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(f"there is already another layout called {name}: replace it, or give this one another name")
        self.version = version


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the folder: its name without suffix, and the layout's version or what is wrong with it."""

    name: str
    version: str = ""
    problem: str = ""


class LayoutFolder:
    """Layouts by name. A folder that does not exist yet has none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Kept]:
        """List every layout file by name; an invalid one with the reason."""
        found = sorted(self._folder.glob("*.yaml")) if self._folder.is_dir() else []
        return [self._kept(path.stem) for path in found if _SAFE.fullmatch(path.stem)]

    def load(self, name: str) -> Layout:
        """Load a layout. Raises InputError for an invalid name, a missing file, or an invalid layout."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except FileNotFoundError as error:
            raise InputError(f"there is no layout called {name}") from error
        except OSError as error:
            raise InputError(f"the layout {name} cannot be read: {error.strerror}") from error
        try:
            return parse_layout(data.decode(), name)
        except UnicodeDecodeError as error:
            raise InputError(f"{name}: this is not a layout: it is not UTF-8 text") from error

    def save(self, layout: Layout, replaces: str | None = None) -> str:
        """Write the file, completely or not at all; return its version. Coordinates are rounded in the file.

        `replaces`: the version that may be replaced, "" for a broken file. Raises TakenError where another layout has that name,
        InputError where the file cannot be written.
        """
        path = self._path(layout.name)
        there = self._kept(layout.name).version if path.exists() else None
        text = layout_text(layout)
        version = parse_layout(text, layout.name).version
        if there == version:
            return version
        if there is not None and there != replaces:
            raise TakenError(layout.name, there)
        _write(path, text, over=there is not None)
        return version

    def _kept(self, name: str) -> Kept:
        try:
            return Kept(name, self.load(name).version)
        except InputError as error:
            return Kept(name, problem=str(error))

    def _path(self, name: str) -> Path:
        return self._folder / f"{file_name(name)}.yaml"


def file_name(name: str) -> str:
    """Convert a layout's name to a file name. Raises InputError for one that could lead to another folder or cannot be typed."""
    composed = unicodedata.normalize("NFC", name)
    if not _SAFE.fullmatch(composed) or composed[-1] in " ." or len(composed.encode()) > 200:
        raise InputError(
            f"{name[:_LONGEST]!r} cannot be the name of a layout: take up to {_LONGEST} letters, digits, spaces, - _ . ( ) +, "
            "and begin with a letter or a digit"
        )
    return composed


def _write(path: Path, text: str, over: bool) -> None:
    """Write through a hidden temporary file, so that no partial layout is visible; never overwrite a file that appeared
    meanwhile."""
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        _move(part, path, over)
    except OSError as error:
        raise InputError(f"the layout cannot be written: {error.strerror}; see the setting DIGITS_LAYOUTS") from error
    finally:
        with suppress(OSError):  # if it could not be written there is nothing to remove
            part.unlink(missing_ok=True)


def _move(part: Path, path: Path, over: bool) -> None:
    if over:
        part.replace(path)
        return
    try:
        os.link(part, path)  # unlike a rename, link fails if the file exists
    except FileExistsError as error:
        raise InputError(f"a layout called {path.stem} was saved just now: save again, or give this one another name") from error
