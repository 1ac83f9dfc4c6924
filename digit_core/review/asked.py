"""Numbers as reviewers see them: their characters, which of them are asked for, and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digit_core.readings import ReviewItem, as_written
from digit_core.records import NOT_A_DIGIT
from digit_core.review.snippets import BoxInStrip
from digit_core.review.verdicts import suggestion_is_hidden


@dataclass(frozen=True, slots=True)
class Sign:
    """A character of a number.

    character: "" for a part that the machine takes for no digit, None where its reading is hidden. place: index of its digit in
    the number, None for a mark such as a point. item: the review item of a digit that is asked for, "" for one that is not. box:
    its place in the strip, None if unknown.
    """

    character: str | None
    place: int | None = None
    item: str = ""
    box: BoxInStrip | None = None


@dataclass(frozen=True, slots=True)
class AskedNumber:
    """A number with its review items, from left to right, and its characters.

    second: the number by the second reader, where it differs; None where it does not, was not asked, or must be hidden.
    """

    items: tuple[ReviewItem, ...]
    signs: tuple[Sign, ...]
    second: str | None

    @property
    def first(self) -> ReviewItem:
        """Return the item whose pictures stand for the number."""
        return self.items[0]


def asked_numbers(items: Sequence[ReviewItem]) -> list[AskedNumber]:
    """Group items by number, in the order in which the numbers first appear."""
    numbers: dict[str, list[ReviewItem]] = {}
    for item in items:
        numbers.setdefault(item.number_id, []).append(item)
    return [_asked(sorted(group, key=lambda item: item.place)) for group in numbers.values()]


def _asked(items: Sequence[ReviewItem]) -> AskedNumber:
    first = items[0]
    hidden = any(suggestion_is_hidden(item.item_id, item.reason, item.asked) for item in items)
    digits = "".join(first.parts)
    differs = not hidden and first.second is not None and first.second != digits
    second = as_written(first.text, first.second) if differs and first.second is not None else None
    return AskedNumber(tuple(items), tuple(_signs(items)), second)


def _signs(items: Sequence[ReviewItem]) -> Iterator[Sign]:
    """Yield the characters of the number as written; a part that is no digit is among them only where it is asked for."""
    first, asked = items[0], {item.place: item for item in items}
    places = [place for place, part in enumerate(first.parts) if part or place in asked]
    if not first.parts:  # items of the first version know nothing of their number
        places = list(asked)
    digits = [part for part in first.parts if part]
    ahead = 0
    for character in as_written(first.text, digits):
        if not character.isdigit():
            yield Sign(character)
            continue
        while not first.parts[places[ahead]]:
            yield _sign(items, asked, places[ahead])
            ahead += 1
        yield _sign(items, asked, places[ahead])
        ahead += 1
    for place in places[ahead:]:
        yield _sign(items, asked, place)


def _sign(items: Sequence[ReviewItem], asked: dict[int, ReviewItem], place: int) -> Sign:
    first, item = items[0], asked.get(place)
    box = first.marks[place] if place < len(first.marks) else item.mark if item else None
    if item is None:
        return Sign(first.parts[place], place, box=box)
    guess = item.top[0][0]
    seen = None if suggestion_is_hidden(item.item_id, item.reason, item.asked) else "" if guess == NOT_A_DIGIT else str(guess)
    return Sign(seen, place, item.item_id, box)
