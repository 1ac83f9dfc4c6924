"""Layout files in a folder or in object storage."""

from __future__ import annotations

from pathlib import PurePosixPath

from digit_core.errors import InputError
from tasks.adapters.storage.storage import Storage

SUFFIXES = (".yaml", ".yml")
MOST = 200


def layout_texts(storage: Storage, place: str) -> dict[str, str]:
    """Read each layout file at a place (a file or a folder), by its name. Raises InputError if there is none."""
    objects = [
        one for one in storage.list_objects(place) if one.uri == place or PurePosixPath(one.uri).suffix.lower() in SUFFIXES
    ]
    if not objects:
        raise InputError(f"there is no layout at {place}: give a .yaml file, or a folder of layouts")
    if len(objects) > MOST:
        raise InputError(f"{place} holds {len(objects):,} layouts, the most are {MOST}: give the folder of one collection")
    return {one.uri: _text(storage, one.uri) for one in sorted(objects, key=lambda one: one.uri)}


def _text(storage: Storage, uri: str) -> str:
    try:
        return storage.read(uri).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{uri} is not a layout: it is not UTF-8 text") from error
