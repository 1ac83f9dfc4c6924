"""A reviewer at the keyboard who knows what stands on the pages, and presses as few keys as the view of numbers allows."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

Sign = dict[str, Any]
Cell = tuple[str, str]
"""Names of row and column."""


class Screen:
    """The view of numbers in a browser, open at the first number that waits: what stands on it, and its keys."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._lent: dict[str, dict[str, Any]] = {}
        page.wait_for_load_state("networkidle")  # answers of a page that is left have no body any more
        page.on("response", self._hear)
        page.reload()

    def _hear(self, answer: Any) -> None:
        if "/claim/" in answer.url:
            self._lent.update({number["items"][0]: number for number in answer.json()["numbers"]})

    def number(self) -> dict[str, Any] | None:
        """The number on the screen, as the server lent it; None when there is none any more."""
        self._page.wait_for_function("() => document.body.dataset.number !== undefined", timeout=60_000)
        self._page.wait_for_load_state("networkidle")
        item = self._page.evaluate("() => document.body.dataset.number")
        return self._lent[item] if item else None

    def press(self, number: dict[str, Any], truth: str | None) -> None:
        """The keys that make the number on the screen the true one (None: no number stands there); waits for the next."""
        for key in keys_for(number["signs"], number["differs"], truth):
            self._page.keyboard.press("Space" if key == " " else key)
        before = number["items"][0]
        self._page.wait_for_function("before => document.body.dataset.number !== before", arg=before, timeout=60_000)


def cells_of(truth: Path) -> dict[Cell, str]:
    """The true digits of a page's cells, from a CSV with the columns row, column and digits."""
    with truth.open(newline="") as file:
        return {(row["row"], row["column"]): row["digits"] for row in csv.DictReader(file)}


def keys_for(signs: Sequence[Sign], differs: str | None, truth: str | None) -> list[str]:
    """The keys that make the number of these signs the true one; None: no number stands there."""
    if truth is None:
        return ["n"]
    ways = [way for way in (_second(differs, truth), _place_by_place(signs, truth), _anew(signs, truth)) if way]
    return min(ways, key=len)


def _second(differs: str | None, truth: str) -> list[str] | None:
    return ["o"] if differs and _digits(differs) == truth else None


def _place_by_place(signs: Sequence[Sign], truth: str) -> list[str] | None:
    """Key by key through the places that are asked for, hidden ones first, up to the last that is not as it should be."""
    places = [sign for sign in signs if sign["place"] is not None]
    ways = (_through(places, dict(zip(kept, truth, strict=True))) for kept in combinations(range(len(places)), len(truth)))
    return min((way for way in ways if way), key=len, default=None)


def _through(places: Sequence[Sign], wanted: Mapping[int, str]) -> list[str] | None:
    """The keys that leave these digits at these places, and none at the others; None where an accepted digit would change."""
    changed = [at for at, sign in enumerate(places) if sign["shown"] != wanted.get(at, "")]
    if not all(places[at]["item"] for at in changed):
        return None
    asked = [at for at, sign in enumerate(places) if sign["item"]]
    order = sorted(asked, key=lambda at: places[at]["shown"] is not None)
    last = max(map(order.index, changed), default=-1)
    keys = [wanted.get(at, "x") for at in order[: last + 1]]
    ahead = keys if last == len(order) - 1 else [*keys, " "]
    return min(ahead, _back_to(places, changed, order, wanted) or ahead, key=len)


def _back_to(places: Sequence[Sign], changed: Sequence[int], order: Sequence[int], wanted: Mapping[int, str]) -> list[str] | None:
    """The keys where one digit alone is wrong, which is nearer to the left, or round the end."""
    if len(changed) != 1 or places[changed[0]]["shown"] is None or any(places[at]["shown"] is None for at in order):
        return None
    steps = (order[0] - changed[0]) % len(places)
    return [*["ArrowLeft"] * steps, wanted.get(changed[0], "x"), " "] if len(order) > 1 else None


def _anew(signs: Sequence[Sign], truth: str) -> list[str]:
    begin = [] if all(sign["shown"] == "" for sign in signs) else ["e"]
    return [*begin, *truth, "Enter"]


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())
