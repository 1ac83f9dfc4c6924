"""The folder of layouts: one YAML file each, named as the layout is."""

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
"""Begins with a letter or a digit; no slash, no control character, nothing that a shell or a web page takes for its own."""


class TakenError(InputError):
    """Another layout of that name is there already; `version` is its."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(f"there is already another layout called {name}: replace it, or give this one another name")
        self.version = version


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the folder: its name without ending, and the layout's version; or what is wrong with it."""

    name: str
    version: str = ""
    problem: str = ""


class LayoutFolder:
    """Layouts under their names. A folder that is not there yet holds none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Kept]:
        """Every layout file, by name; one that cannot be read says why."""
        found = sorted(self._folder.glob("*.yaml")) if self._folder.is_dir() else []
        return [self._kept(path.stem) for path in found if _SAFE.fullmatch(path.stem)]

    def load(self, name: str) -> Layout:
        """Raises InputError for a name that cannot be, a file that is not there, or one that is no layout."""
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
            raise InputError(f"{name}: a layout is text in UTF-8, and this file is not") from error

    def save(self, layout: Layout, replaces: str | None = None) -> str:
        """Writes the file whole or not at all; returns the version that the file has, in which places are rounded.

        `replaces`: the version that it may take the place of, "" for a broken file.

        Raises TakenError where another one has that name, InputError where nothing can be written.
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
    """The name as that of a file. Raises InputError for one that could lead elsewhere or that cannot be typed."""
    composed = unicodedata.normalize("NFC", name)
    if not _SAFE.fullmatch(composed) or composed[-1] in " ." or len(composed.encode()) > 200:
        raise InputError(
            f"{name[:_LONGEST]!r} cannot be the name of a layout: take up to {_LONGEST} letters, digits, spaces, - _ . ( ) +, "
            "and begin with a letter or a digit"
        )
    return composed


def _write(path: Path, text: str, over: bool) -> None:
    """Through a hidden file beside it, so that nobody sees half a layout; and never over one that came meanwhile."""
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        _move(part, path, over)
    except OSError as error:
        raise InputError(f"the layout cannot be written: {error.strerror}; see the setting DIGITS_LAYOUTS") from error
    finally:
        with suppress(OSError):  # where it could not be written it need not be taken away
            part.unlink(missing_ok=True)


def _move(part: Path, path: Path, over: bool) -> None:
    if over:
        part.replace(path)
        return
    try:
        os.link(part, path)  # unlike a rename it fails where another one has come
    except FileExistsError as error:
        raise InputError(f"a layout called {path.stem} was saved just now: save again, or give this one another name") from error
