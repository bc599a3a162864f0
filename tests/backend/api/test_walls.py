"""Who may call what: every route declares it, and no route opens another clinic."""

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from backend.models import Alert, CarePlan, CheckIn, Milestone, Patient, PlanRevision, Procedure
from tests.backend.api.callers import API, Caller, staff_caller
from tests.world import World

IDS = {
    "patient_id": Patient,
    "plan_id": CarePlan,
    "milestone_id": Milestone,
    "check_in_id": CheckIn,
    "alert_id": Alert,
    "procedure_id": Procedure,
    "revision_id": PlanRevision,
}
BODIES = {
    "add_procedure": {
        "performed_at": "2026-12-20T10:00:00+03:00",
        "protocol": "nucleoplasty_lumbar",
        "region": "lumbar",
        "levels": ["L4-L5"],
        "technique": "laser",
    },
    "write": {"body": "How are you?"},
    "answer": {"answers": [{"question": "pain", "value": 3}]},
    "close": {"outcome": "called", "note": ""},
}


def guarded(app: Flask, kind: str) -> Iterator[tuple[Rule, str]]:
    """Every rule and method of the API with that kind of access."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API) and app.view_functions[rule.endpoint].access.kind == kind:  # type: ignore[attr-defined]
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def path_of(rule: Rule, ids: dict[str, uuid.UUID]) -> str:
    """The rule's path with these ids filled in."""
    path = rule.rule.removeprefix(API)
    for name in rule.arguments:
        value = ids.get(name, "nucleoplasty_lumbar")
        path = path.replace(f"<uuid:{name}>", str(value)).replace(f"<string:{name}>", str(value))
    return path


@pytest.fixture
def ids(world: World) -> dict[str, uuid.UUID]:
    """One row of every kind in the world's clinic: an enrolled patient with an open alert."""
    world.enrol()
    world.change_patient(timezone="Europe/Berlin")
    world.advance(days=1)
    world.tick()
    for text in ("3", "I have a fever of 39", "what is this?"):
        world.text_in(text)
    found = {name: world.rows(model)[0].id for name, model in IDS.items()}
    found["check_in_id"] = world.rows(CheckIn, CheckIn.answered_at.is_not(None))[0].id
    return found


def test_every_route_of_the_product_declares_who_may_call_it(app: Flask) -> None:
    undeclared = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not hasattr(app.view_functions[rule.endpoint], "access")
    }

    assert undeclared == set()


def test_another_clinics_rows_do_not_exist_on_any_route(
    app: Flask, ids: dict[str, uuid.UUID], stranger: Caller
) -> None:
    tried = 0
    for rule, method in guarded(app, "staff"):
        if not rule.arguments & IDS.keys():
            continue
        body = BODIES.get(rule.endpoint.split(".")[1], {})
        answer = stranger.call(method, path_of(rule, ids), **({"json": body} if method != "GET" else {}))
        assert answer.status_code == 404, f"{method} {rule.rule}: {answer.status_code} {answer.text}"
        tried += 1

    assert tried >= 14


def test_another_clinics_rows_are_in_no_list(
    app: Flask, ids: dict[str, uuid.UUID], nurse: Caller, stranger: Caller
) -> None:
    for path in ("/patients", "/alerts", "/messages"):
        assert nurse.get(path).json["items"]
        assert stranger.get(path).json["items"] == []


def test_an_own_id_with_another_clinics_cursor_shows_nothing_of_it(
    ids: dict[str, uuid.UUID], nurse: Caller, stranger: Caller
) -> None:
    cursor = nurse.get("/messages", limit=1).json["next_cursor"]

    assert stranger.get("/messages", cursor=cursor).json["items"] == []


def test_nobody_gets_anywhere_without_signing_in(app: Flask, ids: dict[str, uuid.UUID]) -> None:
    client = app.test_client()
    for kind in ("staff", "patient_app"):
        for rule, method in guarded(app, kind):
            answer = client.open(API + path_of(rule, ids), method=method, json={})
            assert answer.status_code == 401, f"{method} {rule.rule}"
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_patient_gets_nowhere_among_the_staff(
    app: Flask, ids: dict[str, uuid.UUID], patient: Caller
) -> None:
    for rule, method in guarded(app, "staff"):
        answer = patient.call(method, path_of(rule, ids), json={})
        assert answer.status_code == 403, f"{method} {rule.rule}"


def test_staff_get_nowhere_in_the_patients_app(app: Flask, ids: dict[str, uuid.UUID], nurse: Caller) -> None:
    for rule, method in guarded(app, "patient_app"):
        answer = nurse.call(method, path_of(rule, ids), json={})
        assert answer.status_code == 403, f"{method} {rule.rule}"


@pytest.mark.parametrize("role", ["nurse", "clinician", "admin"])
def test_each_role_of_the_staff_reads_the_lists(app: Flask, world: World, role: str) -> None:
    caller = staff_caller(app, world, world.nurse.clinic_id, role)

    assert [caller.get(path).status_code for path in ("/patients", "/alerts", "/protocols")] == [200] * 3
