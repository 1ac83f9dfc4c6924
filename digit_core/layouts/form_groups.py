"""Groups of pages of one form: each page's own proposed layout is laid on the other pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from digit_core.errors import InputError
from digit_core.layouts.authoring import LevelPage, proposed
from digit_core.layouts.registration import fit
from digit_core.layouts.template import Layout


@dataclass(frozen=True, slots=True, eq=False)
class FormGroup:
    """Pages of one form: its layout, the level page that it was proposed on, and the names of all, that one's first."""

    layout: Layout
    page: LevelPage
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Forms, those of most pages first, named form1, form2 …; and the pages without a ruled table."""

    forms: tuple[FormGroup, ...]
    without: tuple[str, ...]


def grouped(pages: Iterable[tuple[str, LevelPage]]) -> Grouped:
    """Group pages, given with their names, by their form. Only one page of each form is kept in memory."""
    groups: list[FormGroup] = []
    without: list[str] = []
    for name, page in pages:
        at = next((i for i, group in enumerate(groups) if fit(group.layout, page.maps).sure), None)
        own = _own_layout(page) if at is None else None
        if at is None and own is None:
            without.append(name)
            continue
        if own is not None:  # rulings that were found on this page alone may hide that it is a known form
            at = next((i for i, group in enumerate(groups) if fit(own, group.page.maps).sure), None)
        if at is None and own is not None:
            groups.append(FormGroup(own, page, (name,)))
        elif at is not None:
            groups[at] = replace(groups[at], names=(*groups[at].names, name))
    groups.sort(key=lambda group: -len(group.names))
    forms = (replace(group, layout=replace(group.layout, name=f"form{i}")) for i, group in enumerate(groups, start=1))
    return Grouped(tuple(forms), tuple(without))


def _own_layout(page: LevelPage) -> Layout | None:
    try:
        return proposed(page, "form")
    except InputError:
        return None
