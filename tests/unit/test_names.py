"""One word for one thing: no public type name stands for two meanings."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("digit_core", "tasks", "flows", "deployments")


def types_of(source: str) -> Iterator[tuple[str, str]]:
    """Public classes and type aliases of a module, each with what it means: its code without docstrings."""
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name):
                body = [part for part in node.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
                yield name, ast.dump(ast.Module(body, []))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_type(name):
                yield name, ast.dump(value)


def is_type(name: str) -> bool:
    return name[0].isupper() and any(character.islower() for character in name)


def meanings(sources: dict[str, str]) -> dict[str, list[str]]:
    """Names with more than one meaning, each with the files that define it."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, source in sources.items():
        for name, meaning in types_of(source):
            if not name.startswith("_"):
                found[name][meaning].append(path)
    return {name: sorted(path for paths in files.values() for path in paths) for name, files in found.items() if len(files) > 1}


def test_no_type_name_means_two_things():
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    }

    assert meanings(sources) == {}


def test_two_classes_or_aliases_of_one_name_are_found_unless_they_are_the_same():
    one = "class Batch:\n    '''Words.'''\n    size: int\n\nRow = dict[str, int]\n"

    assert meanings({"a": one, "b": one.replace("Words", "Others")}) == {}
    assert meanings({"a": one, "b": "class Batch:\n    pages: int\n"}) == {"Batch": ["a", "b"]}
    assert meanings({"a": one, "b": "Row = tuple[str]\n"}) == {"Row": ["a", "b"]}


def test_what_is_private_or_a_constant_is_no_type_of_the_project():
    assert meanings({"a": "class _Row:\n    x: int\n\nMOST = 1\n", "b": "class _Row:\n    y: int\n\nMOST = 2\n"}) == {}
