"""The description and the API say the same: every route described, every answer as described."""

import json
import uuid

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from backend.api import openapi_document
from backend.auth import limiter
from backend.models import Alert, CarePlan, CheckIn, Milestone, Patient, PlanRevision, Procedure
from tests.backend.api.callers import API, patient_caller, staff_caller
from tests.world import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES = 5
IDS = {
    "patient_id": Patient,
    "plan_id": CarePlan,
    "milestone_id": Milestone,
    "check_in_id": CheckIn,
    "alert_id": Alert,
    "procedure_id": Procedure,
    "revision_id": PlanRevision,
}


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    described = {
        (path, method.upper())
        for path, operations in openapi_document(app)["paths"].items()
        for method in operations
        if method != "parameters"
    }
    served = {
        (rule.rule.replace("<uuid:", "{").replace("<string:", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(API) and not rule.rule.endswith("openapi.json")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert described == served


def test_the_description_is_served_to_anybody(app: Flask) -> None:
    answer = app.test_client().get(f"{API}/openapi.json")

    assert answer.json["openapi"] == "3.1.0"


def test_every_operation_has_a_sentence_and_an_id_of_its_own(app: Flask) -> None:
    operations = [
        operation
        for path in openapi_document(app)["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    ]

    assert all(operation["summary"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_the_description_is_the_same_every_time(app: Flask) -> None:
    first, second = (json.dumps(openapi_document(app), sort_keys=True) for _ in range(2))

    assert first == second


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    """One row of every kind, to be called by its id."""
    world.enrol()
    world.change_patient(timezone="Europe/Berlin")
    world.advance(days=1)
    world.tick()
    world.text_in("I have a fever of 39")
    return {name: str(world.rows(model)[0].id) for name, model in IDS.items()} | {
        "protocol_id": "nucleoplasty_lumbar"
    }


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_the_answer_is_one_that_is_described(
    app: Flask, world: World, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch, mode: GenerationMode
) -> None:
    monkeypatch.setattr(limiter, "enabled", False)
    tokens = {
        "staff": staff_caller(app, world, world.nurse.clinic_id, "nurse").token,
        "patient_app": patient_caller(app, world, uuid.UUID(ids["patient_id"])).token,
    }
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", app)
    described = [found.ok() for found in schema.get_all_operations()]
    for operation in described:
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
            continue  # nothing of it can be wrong
        token = tokens["patient_app" if operation.path.startswith(f"{API}/me") else "staff"]
        try_out(operation, mode, token, ids)

    assert len(described) > 30


def try_out(
    operation: schemathesis.APIOperation, mode: GenerationMode, token: str, ids: dict[str, str]
) -> None:
    """Send one operation a few requests: on real and on unknown ids, or with wrong bodies and queries."""
    authorization = {"Authorization": f"Bearer {token}"}
    known = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}
    fixed = {} if mode is GenerationMode.POSITIVE else {"path_parameters": known, "headers": authorization}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, **fixed), real=st.booleans())
    def answers_as_described(case: schemathesis.Case, real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters = known
        case.call_and_validate(headers=authorization, checks=CHECKS)

    answers_as_described()
