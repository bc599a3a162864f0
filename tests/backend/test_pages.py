"""Every page on both databases: it opens, in few statements, under the strict policy, for its own clinic."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection

from backend.models import (
    Alert,
    CarePlan,
    CheckIn,
    InboundMessage,
    Milestone,
    Patient,
    PlanRevision,
    Restriction,
)
from tests.backend.dashboard.readers import Reader
from tests.world import CLINIC, OTHER_PHONE, World

ROWS = {
    "patient_id": Patient,
    "plan_id": CarePlan,
    "milestone_id": Milestone,
    "check_in_id": CheckIn,
    "restriction_id": Restriction,
    "alert_id": Alert,
    "text_id": InboundMessage,
    "revision_id": PlanRevision,
}
PAGES = (
    "/",
    "/patients",
    "/patients/new",
    "/texts",
    "/protocols",
    "/protocols/nucleoplasty_lumbar/simulation",
    "/patients/{patient_id}",
    "/plans/{plan_id}/change",
)


@pytest.fixture
def ids(world: World) -> dict[str, uuid.UUID]:
    """A patient with an answer, an alert, a missed check-in and a waiting text; one row's id of each kind."""
    world.enrol()
    world.change_patient(timezone="Europe/Berlin")
    world.advance(days=1, hours=2)
    world.tick()
    world.text_in("5")
    world.text_in("I have a fever of 39")
    world.text_in("When may I swim?")
    return {name: world.rows(model)[0].id for name, model in ROWS.items()}


@pytest.fixture
def nurse(app: Flask, world: World) -> Reader:
    return Reader(app, world, world.nurse.clinic_id, "nurse")


@pytest.fixture
def stranger(app: Flask, world: World) -> Reader:
    elsewhere = world.open_clinic(replace(CLINIC, name="Another Clinic"))
    return Reader(app, world, elsewhere.clinic_id, "admin")


@contextmanager
def counted() -> Iterator[list[str]]:
    """Gather the statements that any engine runs."""
    statements: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's own, see backend/db.py
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "tr"])
def test_every_page_opens(
    app: Flask, world: World, ids: dict[str, uuid.UUID], path: str, language: str
) -> None:
    reader = Reader(app, world, world.nurse.clinic_id, "clinician", language)
    shown = reader.open(path.format(**ids))
    assert f'<html lang="{language}">' in shown
    assert shown.count("<h1") == 1


@pytest.mark.parametrize(
    ("path", "statements"),
    [("/", 12), ("/patients", 6), ("/patients/{patient_id}", 18)],
)
def test_a_page_takes_as_many_statements_as_agreed_however_much_it_shows(
    world: World, ids: dict[str, uuid.UUID], nurse: Reader, path: str, statements: int
) -> None:
    for number in range(3):
        other = world.patient(phone=OTHER_PHONE, given_name=f"Ali {number}")
        world.enrol(other)
    nurse.submit("/seen")
    with counted() as ran:
        nurse.open(path.format(**ids))
    assert len(ran) == statements, "\n\n".join(ran)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_carries_style_or_script_of_its_own(
    ids: dict[str, uuid.UUID], nurse: Reader, path: str
) -> None:
    shown = nurse.open(path.format(**ids))
    assert not re.search(r"<[^>]+\s(style|on\w+)=", shown)
    assert "<style" not in shown
    assert re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", shown) == []


def test_the_policy_lets_nothing_in_from_elsewhere(nurse: Reader) -> None:
    policy = nurse.client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_no_address_of_a_page_carries_what_was_typed(nurse: Reader, ids: dict[str, uuid.UUID]) -> None:
    del ids
    assert nurse.client.get("/patients/search?query=Ayşe").status_code == 405
    forms = re.findall(r'<form[^>]*method="(\w+)"', nurse.open("/patients"))
    assert set(forms) == {"post"}


def test_another_clinic_finds_none_of_our_rows(
    app: Flask, ids: dict[str, uuid.UUID], nurse: Reader, stranger: Reader
) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("dashboard.") or not rule.arguments & ids.keys():
            continue
        address = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        address = re.sub(r"<uuid:(\w+)>", lambda name: str(ids[name[1]]), address)
        tried += 1
        posts = "POST" in (rule.methods or ())
        answer = stranger.submit(address) if posts else stranger.client.get(address)
        assert answer.status_code == 404, address
    assert tried >= 13
    assert "Ayşe" in nurse.open("/patients")
    assert "Ayşe" not in stranger.open("/patients")
    assert "Ayşe" not in stranger.open("/")
