"""Protocols and care plans as FHIR resources, over the API and the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from backend.cli import cli
from backend.db import transaction
from backend.models import CarePlan, Milestone
from backend.services.fhir import read_plan_definition
from backend.services.milestones import change_milestone
from backend.services.plans import hold
from schedules.catalogue import Catalogue, load_protocol
from tests.backend.api.callers import Caller, staff_caller
from tests.world import World


def details(resource: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A CarePlan's activities by step."""
    found = [activity["detail"] for activity in resource["activity"]]
    return {detail["code"]["coding"][0]["code"]: detail for detail in found}


def test_the_protocol_the_clinic_signed_comes_as_a_plan_definition(nurse: Caller) -> None:
    answer = nurse.get("/protocols/nucleoplasty_lumbar/fhir")

    assert (answer.status_code, answer.mimetype) == (200, "application/fhir+json")
    protocol = read_plan_definition(json.loads(answer.data), "answer.json")
    assert (protocol.status, str(protocol.step("heavy_lifting").ends)) == ("active", "P6W")


def test_there_is_none_of_a_protocol_nobody_has(nurse: Caller) -> None:
    assert nurse.get("/protocols/knee/fhir").status_code == 404


def test_a_care_plan_comes_with_what_became_of_each_step(app: Flask, world: World) -> None:
    plan = world.enrol().care_plan
    with transaction(world.engine) as session:
        row = session.get_one(Milestone, world.milestone(plan, "discharge").id)
        change_milestone(session, world.nurse, row, status="done", now=world.now)
    world.advance(days=1, hours=2)
    world.tick()

    nurse = staff_caller(app, world, world.nurse.clinic_id, "nurse")
    answer = nurse.get(f"/care-plans/{plan.id}/fhir", language="tr")

    resource = json.loads(answer.data)
    assert (resource["resourceType"], resource["status"], resource["intent"]) == (
        "CarePlan",
        "active",
        "plan",
    )
    assert resource["subject"] == {"reference": f"Patient/{plan.patient_id}"}
    assert resource["instantiatesUri"] == ["urn:recovery-tracker:protocol:nucleoplasty_lumbar|1"]
    found = details(resource)
    assert found["discharge"]["status"] == "completed"
    assert found["mri_3_months"]["status"] == "not-started"
    assert found["check_in_d1"]["status"] == "in-progress"
    assert (found["sport"]["status"], found["sport"]["doNotPerform"]) == ("in-progress", True)
    assert found["flight_short"]["status"] == "completed"
    assert found["sport"]["code"]["text"] == "Henüz spor yapmayın"
    assert "Ayşe" not in answer.text


def test_a_plan_on_hold_holds_what_is_open(nurse: Caller, world: World) -> None:
    plan = world.enrol().care_plan
    with transaction(world.engine) as session:
        hold(session, world.nurse, session.get_one(CarePlan, plan.id), now=world.now)

    resource = json.loads(nurse.get(f"/care-plans/{plan.id}/fhir").data)

    assert resource["status"] == "on-hold"
    assert {detail["status"] for detail in details(resource).values()} <= {
        "on-hold",
        "completed",
        "cancelled",
    }


def test_a_protocol_goes_out_and_comes_back_by_the_command_line(tmp_path: Path) -> None:
    sent, back = tmp_path / "plan.json", tmp_path / "own.toml"
    run = CliRunner().invoke(
        cli, ["export-plan-definition", "nucleoplasty_cervical", "--file", str(sent)], catch_exceptions=False
    )
    assert run.exit_code == 0
    run = CliRunner().invoke(
        cli, ["import-plan-definition", str(sent), "--to", str(back)], catch_exceptions=False
    )

    assert run.exit_code == 0, run.output
    shipped, read = Catalogue.shipped().get("nucleoplasty_cervical"), load_protocol(back)
    assert (read.timing_hash, read.wording_hash) == (shipped.timing_hash, shipped.wording_hash)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"resourceType": "Patient"}', "[" * 100_000])
def test_a_file_that_is_no_plan_definition_is_one_clear_line(tmp_path: Path, text: str) -> None:
    sent = tmp_path / "plan.json"
    sent.write_text(text, encoding="utf-8")
    run = CliRunner().invoke(cli, ["import-plan-definition", str(sent), "--to", str(tmp_path / "own.toml")])

    assert run.exit_code == 2
    assert "Traceback" not in run.output
    assert not (tmp_path / "own.toml").exists()
