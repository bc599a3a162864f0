"""Every sentence of the pages is there in Turkish, and every known sentence of the house is translated."""

import ast
import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from backend import dashboard, services
from backend.dashboard import words
from backend.dashboard.language import TRANSLATIONS
from backend.dashboard.sentences import _PATTERNS
from backend.services.alerts import OUTCOMES
from schedules.rules import SIGNS

HOME = Path(dashboard.__file__).parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.svg", "jinja2")]
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "_": None, "mark": None}


def used() -> set[str]:
    found = extract_from_dir(HOME, method_map=METHODS, keywords=KEYWORDS)
    return {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found}


def turkish() -> Catalog:
    po = TRANSLATIONS / "tr" / "LC_MESSAGES" / "messages.po"
    return read_po(io.BytesIO(po.read_bytes()), locale="tr")


def sentences(catalog: Catalog) -> dict[str, str]:
    told = {}
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            told[key] = message.string if isinstance(message.string, str) else message.string[0]
    return told


def test_no_sentence_of_the_pages_is_untranslated() -> None:
    told = sentences(turkish())
    assert sorted(text for text in used() if not told.get(text)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(sentences(turkish()).keys() - used()) == []


def test_every_translation_keeps_the_facts_of_its_sentence() -> None:
    facts = re.compile(r"%\((\w+)\)s")
    lost = [
        text
        for text, told in sentences(turkish()).items()
        if not set(facts.findall(told)) <= set(facts.findall(text)) | {"num"}
        or set(facts.findall(text)) - set(facts.findall(told)) - {"num"}
    ]
    assert lost == []


@pytest.mark.parametrize("name", ["Conflict", "Refused"])
def test_every_refusal_of_the_services_is_known_in_the_readers_language(name: str) -> None:
    unknown = [
        text for text in refusals(name) if not any(pattern.fullmatch(text) for pattern, _ in _PATTERNS)
    ]
    assert unknown == []


def test_every_outcome_and_every_sign_has_a_word() -> None:
    assert set(OUTCOMES) == set(words.OUTCOMES)
    assert set(SIGNS) == set(words.SIGNS)


def refusals(name: str) -> list[str]:
    """The sentences the services raise this error with; what is filled in stands as an x."""
    return [
        _sentence(node.args[0])
        for file in Path(services.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def _sentence(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    assert isinstance(node, ast.Constant)
    return str(node.value)
