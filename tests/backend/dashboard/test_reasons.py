"""The why-log in the reader's language: every sentence that is said of a text is known, with its facts."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from backend import outbox
from backend.dashboard.reasons import WHY_LOG
from backend.dashboard.sentences import in_reader_words
from backend.outbox import recovering, reports
from notifications import attempt, dispatch
from tests.backend.dashboard.readers import Reader
from tests.world import World

Told = Callable[[str], str]


@pytest.fixture
def told(app: Flask) -> Told:
    """A sentence as an English reader sees it."""

    def tell(sentence: str) -> str:
        with app.test_request_context(headers={"Accept-Language": "en"}):
            return in_reader_words(sentence)

    return tell


@pytest.fixture
def told_in_turkish(app: Flask) -> Told:
    """A sentence as a Turkish reader sees it."""

    def tell(sentence: str) -> str:
        with app.test_request_context(headers={"Accept-Language": "tr"}):
            return in_reader_words(sentence)

    return tell


def test_the_day_of_an_opt_out_is_told(told: Told, told_in_turkish: Told) -> None:
    said = "not sent: opted out on 3 May 2026"
    assert told(said) == "not sent: the patient opted out on May 3, 2026"
    assert told_in_turkish(said) == "gönderilmedi: hasta 3 Mayıs 2026 tarihinde mesajlardan çıktı"


def test_a_code_and_how_it_was_learnt_stand_behind_the_reason(told: Told) -> None:
    said = "the phone did not get it (code 30003): the provider was asked"
    assert told(said) == "the phone did not get it (code 30003) (the provider was asked)"


def test_a_reason_within_a_reason_is_told_too(told_in_turkish: Told) -> None:
    said = "not sent in time: the provider asks us to slow down (code 20429)"
    assert told_in_turkish(said) == "zamanında gönderilemedi: sağlayıcı yavaşlamamızı istiyor (kod 20429)"


def test_a_sentence_nobody_knows_is_shown_as_it_came(told: Told) -> None:
    assert told("the moon was full (code 7)") == "the moon was full (code 7)"


def sentences_of(module: Path) -> list[str]:
    """The plain sentences a module gives a name: lower case, of several words."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign)]
    return [
        value.value
        for value in values
        if isinstance(value, ast.Constant)
        and isinstance(value.value, str)
        and value.value[:1].islower()
        and value.value.count(" ") >= 2
        and " = " not in value.value  # a condition in SQL
    ]


MODULES = [*Path(outbox.__path__[0]).glob("*.py"), Path(attempt.__file__), Path(dispatch.__file__)]


def test_every_sentence_the_outbox_keeps_is_known(told_in_turkish: Told) -> None:
    said = {sentence for module in MODULES for sentence in sentences_of(module)}
    said |= set(reports._WORDS.values())
    assert len(said) > 10, recovering.__file__
    assert sorted(sentence for sentence in said if told_in_turkish(sentence) == sentence) == []


def test_every_pattern_has_its_place(told: Told) -> None:
    patterns = [pattern for pattern, _ in WHY_LOG]
    assert len(patterns) == len(set(patterns))


def test_the_patients_page_shows_every_step_of_a_text(world: World, nurse: Reader) -> None:
    plan = world.enrol().care_plan
    world.tick()
    (welcome,) = world.messages(template="welcome")
    world.report(welcome, "undelivered", code=30008)
    page = nurse.read(f"/patients/{plan.patient_id}")
    steps = ("first text after enrolment", "handed to the provider", "the phone did not get it (code 30008)")
    assert [page.index(step) for step in steps] == sorted(page.index(step) for step in steps)
