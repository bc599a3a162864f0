"""docs/protocols.md and the code name the same keys, kinds and signs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from backend.services.protocol_texts import check_texts
from schedules.catalogue import parse_protocol
from schedules.keys import KEYS
from schedules.protocol import CONDITION_FACTS, RULE_KINDS, SIGNS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocols.md").read_text(encoding="utf-8")
SECTIONS = {
    "The file": {"protocol"},
    "A step": {"step", "milestone", "restriction", "check_in", "education"},
    "A window": {"window"},
    "A reminder, a recurrence, a variant": {"reminder", "recurs", "variant"},
    "An end and a fallback": {"ends", "or_after"},
    "A question": {"question"},
    "An instrument": {"instrument"},
    "A criterion of the checklist": {"criterion"},
    "Texts of the procedure": {"procedure_texts"},
    "A topic": {"topic"},
    "A rule": {"rule"},
}


EXAMPLE = DOCUMENT.split("```toml\n")[1].split("```")[0]
WHERE = {
    "step": "steps.*",
    "milestone": "steps.*:milestone",
    "restriction": "steps.*:restriction",
    "check_in": "steps.*:check_in",
    "education": "steps.*:education",
    "window": "steps.*.window",
    "ends": "steps.*.ends",
    "or_after": "steps.*.window.or_after",
    "reminder": "steps.*.reminders.*",
    "recurs": "steps.*.recurs",
    "variant": "steps.*.variants.*",
    "question": "questions.*",
    "instrument": "instruments.*",
    "criterion": "selection.*",
    "procedure_texts": "procedure_texts",
    "topic": "topics.*",
    "rule": "rules.*",
}
"""Where in the example the tables of the language stand; a star is any key or place, after a colon a kind."""
SAID_ANOTHER_WAY = {
    ("protocol", "include"),
    ("ends", "or_after"),
    ("recurs", "times"),
    ("milestone", "lateness"),
    ("check_in", "recurs"),
    ("check_in", "variants"),
    ("check_in", "facts"),
    ("check_in", "lateness"),
    ("education", "recurs"),
}
"""Keys the example leaves out because it shows the same elsewhere, or because it has no file beside it."""


def section(title: str) -> str:
    """The text under a heading of the third level."""
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title}"
    return found[1]


def tables(title: str) -> list[list[list[str]]]:
    """The tables of a section as rows of cells, without their heads."""
    blocks = re.findall(r"(?:^\|.*\n)+", section(title), re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()[2:]]
        for block in blocks
    ]


@pytest.mark.parametrize("title", SECTIONS)
def test_the_document_explains_every_key_and_no_other(title):
    rows = tables(title)[0]
    assert {row[0].strip("`") for row in rows} == {key for table in SECTIONS[title] for key in KEYS[table]}


def test_every_table_of_the_language_has_a_section():
    assert set().union(*SECTIONS.values()) == set(KEYS)


@pytest.mark.parametrize("title", ["A step", "An end and a fallback", "A reminder, a recurrence, a variant"])
def test_the_document_says_which_tables_a_key_belongs_to(title):
    for key, of, *_ in tables(title)[0]:
        named = {"step"} if of == "all" else set(of.split(", "))
        assert named == {table for table in SECTIONS[title] if key.strip("`") in KEYS[table]}, key


def test_the_document_explains_every_kind_of_rule_with_its_figures():
    explained = {
        kind.strip("`"): set(re.findall(r"`(\w+)`", figures)) for kind, _, figures in tables("A rule")[1]
    }
    assert explained == {kind: set(known.parameters) for kind, known in RULE_KINDS.items()}


def test_the_document_names_every_fact_a_condition_may_ask_for():
    assert [row[0].strip("`") for row in tables("Conditions")[0]] == list(CONDITION_FACTS)


def test_the_example_is_a_protocol_whose_texts_are_written():
    check_texts(parse_protocol(EXAMPLE, "example.toml"))


def test_the_example_uses_every_key_of_the_language():
    tables_by_kind = {
        "protocol": [tomllib.loads(EXAMPLE)],
        **{name: found(path) for name, path in WHERE.items()},
    }
    unused = {
        (name, key)
        for name, keys in KEYS.items()
        for key in keys
        if not any(key in table for table in tables_by_kind[name])
    }
    assert unused == SAID_ANOTHER_WAY


def found(path: str) -> list[dict[str, object]]:
    """The tables of the example at a path as in WHERE."""
    here: list[Any] = [tomllib.loads(EXAMPLE)]
    for part in path.split("."):
        name, _, kind = part.partition(":")
        below = [
            inner
            for table in here
            for inner in ([table[name]] if name != "*" and name in table else values_of(table, name))
        ]
        here = [one for one in below if not kind or one.get("kind") == kind]
    return [one for one in here if isinstance(one, dict)]


def values_of(table: Any, name: str) -> list[Any]:
    """What is inside a table or a list, when a star asks for it."""
    if name != "*":
        return []
    return list(table.values()) if isinstance(table, dict) else list(table)


def test_the_document_lists_every_sign():
    assert re.findall(r"`(\w+)`", section("The signs")) == list(SIGNS)
