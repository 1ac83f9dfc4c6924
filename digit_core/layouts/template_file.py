"""Layouts as YAML files, validated by the types of `digit_core.layouts.template`.

A file has the fields of these types, with three shorter forms: a box is a list x, y, w, h; an axis may have `span` (its first and
last edge) for even spacing in place of `edges`, and `count` in place of `names` for names 1, 2, 3 …
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, is_dataclass
from dataclasses import fields as fields_of
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from digit_core.errors import InputError
from digit_core.layouts.template import MOST_CELLS, Area, Layout

FORMAT = "digits-layout/1"
MOST_BYTES = 2_000_000
_DEEPEST, _MOST_PARTS = 16, 200_000
_OVERLAP = 0.25
"""Share of the smaller of two cells that may lie in the other."""

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""YAML loader that keeps texts: a column `No` is not false, a row `1:30` not ninety; the types convert numbers."""

Fields = dict[str, Any]


def parse_layout(text: str, where: str = "layout") -> Layout:
    """Parse a layout from YAML; `where` names it in messages. Raises InputError that says which field is wrong and why."""
    if len(text) > MOST_BYTES:
        raise InputError(f"{where}: a layout of {len(text):,} characters is too long; the most are {MOST_BYTES:,}")
    try:
        _look_through(text)
        fields = yaml.load(text, _LOADER)  # noqa: S506  builds texts, lists and mappings only
    except yaml.YAMLError as error:
        raise InputError(f"{where}: this is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise InputError(f"{where}: this is not a layout: it must begin with `format: {FORMAT}`")
    return layout_from({key: value for key, value in fields.items() if key != "format"}, where)


def layout_from(fields: Mapping[str, Any], where: str = "layout") -> Layout:
    """Build the layout from these fields, as in a YAML or JSON file. Raises InputError as `parse_layout`."""
    try:
        return _without_overlaps(_adapter().validate_python(_long_form(fields)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("function", "dataclass")))
        raise InputError(f"{where}: {place or 'layout'}: {first['msg'].removeprefix('Value error, ')}") from error
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise InputError(f"{where}: its parts are invalid ({error}); see `digits layout --help`") from error
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _without_overlaps(layout: Layout) -> Layout:
    """Return the layout. Raises InputError where two cells cover one another: a number there would have two names."""
    cells = layout.cells()
    places, boxes = list(cells), np.array([(one.x, one.y, one.x + one.w, one.y + one.h) for one in cells.values()])
    order = np.argsort(boxes[:, 1], kind="stable")
    tops = boxes[order, 1]
    for at, i in enumerate(order.tolist()):
        below = order[at + 1 : int(np.searchsorted(tops, boxes[i, 3]))]
        shared = np.minimum(boxes[i, 2:], boxes[below, 2:]) - np.maximum(boxes[i, :2], boxes[below, :2])
        smaller = np.minimum(_area(boxes[i]), _area(boxes[below]))
        covered = shared.clip(min=0).prod(axis=1) > _OVERLAP * smaller
        if covered.any():
            one, other = sorted((i, int(below[covered.argmax()])))
            raise InputError(f"the cells {places[one]} and {places[other]} lie on one another: draw them side by side")
    return layout


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]), np.float64)


def layout_fields(layout: Layout) -> Fields:
    """Return the fields for `layout_from`, without defaults."""
    fields: Fields = _short(layout)
    return fields


def layout_text(layout: Layout) -> str:
    """Format the layout as YAML, with its format first."""
    fields = {"format": FORMAT, **layout_fields(layout)}
    return str(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, default_flow_style=None, width=130))


def _look_through(text: str) -> None:
    """Refuse what no layout needs before anything is built from it: aliases (*name), depth, and length."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("a layout has no aliases (*name)")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"its brackets are nested deeper than {_DEEPEST}")
        if count > _MOST_PARTS:
            raise yaml.YAMLError(f"it has more than {_MOST_PARTS:,} parts")


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Layout]:
    return TypeAdapter(Layout)


def _long_form(fields: Mapping[str, Any]) -> Fields:
    if "page" not in fields:
        raise InputError("page: the reference page's width and height are missing, such as page: [2480, 3508]")
    width, height = fields["page"]
    sizes = {"width": width, "height": height}
    zones = [_zone(zone) for zone in fields.get("zones", [])]
    grids = [_grid(grid) for grid in fields.get("grids", [])]
    checks = [
        {**check, **{name: _listed(check[name]) for name in ("of", "only") if name in check}}
        for check in fields.get("checks", [])
    ]
    rest = {key: value for key, value in fields.items() if key != "page"}
    return {**rest, **sizes, "zones": zones, "grids": grids, "checks": checks}


def _zone(zone: Mapping[str, Any]) -> Fields:
    x, y, w, h = zone["box"]
    return {**_with_holds(zone), "box": {"x": x, "y": y, "w": w, "h": h}}


def _grid(grid: Mapping[str, Any]) -> Fields:
    rules = {
        kind: {name: _holds(one) for name, one in grid[kind].items()} for kind in ("row_holds", "column_holds") if kind in grid
    }
    skipped = {name: _listed(grid[name]) for name in ("skip_rows", "skip_columns") if name in grid}
    return {**_with_holds(grid), "rows": _axis(grid["rows"]), "columns": _axis(grid["columns"]), **rules, **skipped}


def _axis(axis: Mapping[str, Any]) -> Fields:
    long = dict(axis)
    if "count" in axis:
        long["names"] = [str(number) for number in range(1, min(int(long.pop("count")), MOST_CELLS) + 1)]
    if "span" in axis:
        first, last = (float(edge) for edge in long.pop("span"))
        count = len(long["names"])
        long["edges"] = [first + (last - first) * i / max(count, 1) for i in range(count + 1)]
    return long


def _with_holds(part: Mapping[str, Any]) -> Fields:
    return {**part, "holds": _holds(part["holds"])} if "holds" in part else dict(part)


def _holds(holds: Mapping[str, Any]) -> Fields:
    long = {**holds, **{name: _listed(holds[name]) for name in ("kinds", "marks") if name in holds}}
    if "words" in holds:
        words = holds["words"]
        valued = words.items() if isinstance(words, Mapping) else ((word, None) for word in words)
        long["words"] = {word: value if value not in ("", "null", "~") else None for word, value in valued}
    digits = holds.get("digits")
    return {**long, "digits": [digits, digits]} if isinstance(digits, str | int) else long


def _listed(names: object) -> object:
    return [names] if isinstance(names, str) else names


def _short(value: Any) -> Any:
    """Convert a value for the file: defaults are left out."""
    if isinstance(value, Area):
        return [_number(side) for side in (value.x, value.y, value.w, value.h)]
    if isinstance(value, Layout):
        rest = {name: part for name, part in _parts(value).items() if name not in ("name", "width", "height")}
        return {"name": value.name, "page": [_number(value.width), _number(value.height)], **rest}
    if is_dataclass(value):
        return _parts(value)
    if isinstance(value, Mapping):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_short(one) for one in value]
    return str(value) if isinstance(value, StrEnum) else _number(value) if isinstance(value, float) else value


def _parts(value: Any) -> Fields:
    return {one.name: _short(getattr(value, one.name)) for one in fields_of(value) if getattr(value, one.name) != _default(one)}


def _default(one: Field[Any]) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 6)
