"""What every module owes its reader: a size one can hold in mind, and a word about itself."""

import ast

import pytest

from tests.house.sources import modules, name_of, parsed

LONGEST = 300
LONGER_FOR_A_REASON: dict[str, str] = {}
"""Modules that may be longer, each with the reason."""


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_stays_short_enough_to_hold_in_mind(path):
    if name_of(path) in LONGER_FOR_A_REASON:
        return
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST


def test_no_module_is_excused_that_is_short_again():
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert [name for name in LONGER_FOR_A_REASON if lengths.get(name, 0) < LONGEST] == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_says_what_lives_there(path):
    assert ast.get_docstring(parsed(path)), f"{name_of(path)} has no docstring"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_public_function_promises_something(path):
    silent = [
        node.name
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_nothing_is_left_for_later(path):
    text = path.read_text(encoding="utf-8")
    assert not any(mark in text for mark in ("TODO", "FIXME", "XXX", "NotImplementedError"))
