"""What every module owes its reader: a size one can hold in mind, and a word about itself."""

import ast
from pathlib import Path

from tests.house.sources import modules, name_of, parsed

LONGEST = 300
LONGER_FOR_A_REASON: dict[str, str] = {}
"""Modules that may be longer, each with the reason."""


def length_of(path: Path) -> int:
    """A module's number of lines."""
    return len(path.read_text(encoding="utf-8").splitlines())


def test_a_module_stays_short_enough_to_hold_in_mind():
    long = {name_of(path): length_of(path) for path in modules() if length_of(path) >= LONGEST}
    assert {name: lines for name, lines in long.items() if name not in LONGER_FOR_A_REASON} == {}


def test_no_module_is_excused_that_is_short_again():
    lengths = {name_of(path): length_of(path) for path in modules()}
    assert [name for name in LONGER_FOR_A_REASON if lengths.get(name, 0) < LONGEST] == []


def test_a_module_says_what_lives_there():
    assert [name_of(path) for path in modules() if not ast.get_docstring(parsed(path))] == []


def test_what_is_public_promises_something():
    silent = [
        f"{name_of(path)}: {node.name}"
        for path in modules()
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_nothing_is_left_for_later():
    marks = ("TODO", "FIXME", "XXX", "NotImplementedError")
    later = [
        f"{name_of(path)}: {mark}"
        for path in modules()
        for mark in marks
        if mark in path.read_text(encoding="utf-8")
    ]
    assert later == []
