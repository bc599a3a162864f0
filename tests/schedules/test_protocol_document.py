"""docs/protocols.md and the code name the same keys, kinds and signs."""

import re
from pathlib import Path

import pytest

from schedules.parsing import KEYS
from schedules.protocol import RULE_KINDS, SIGNS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocols.md").read_text(encoding="utf-8")
SECTIONS = {
    "The file": {"protocol"},
    "A step": {"step", "milestone", "restriction", "check_in", "education"},
    "A window": {"window"},
    "A reminder, a recurrence, a variant": {"reminder", "recurs", "variant"},
    "A question": {"question"},
    "A rule": {"rule"},
}


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


@pytest.mark.parametrize("title", ["A step", "A reminder, a recurrence, a variant"])
def test_the_document_says_which_tables_a_key_belongs_to(title):
    for key, of, *_ in tables(title)[0]:
        named = {"step"} if of == "all" else set(of.split(", "))
        assert named == {table for table in SECTIONS[title] if key.strip("`") in KEYS[table]}, key


def test_the_document_explains_every_kind_of_rule_with_its_figures():
    explained = {
        kind.strip("`"): set(re.findall(r"`(\w+)`", figures)) for kind, _, figures in tables("A rule")[1]
    }
    assert explained == {kind: set(known.parameters) for kind, known in RULE_KINDS.items()}


def test_the_document_lists_every_sign():
    assert re.findall(r"`(\w+)`", section("The signs")) == list(SIGNS)
