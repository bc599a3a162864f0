"""A procedure over HTTP: what moving it would do, doing it, and taking it back."""

from typing import Any

import pytest

from backend.db import transaction
from backend.models import PlanRevision
from backend.services.protocols import sign_protocol
from tests.backend.api.callers import Caller
from tests.world import World

DAY = "2026-12-20T10:00:00+03:00"
LATER = "2026-12-30T10:00:00+03:00"


@pytest.fixture
def procedure(world: World) -> str:
    """The id of a procedure planned for 20 December."""
    return str(world.enrol(performed_at=world.now.replace(month=12, day=20, hour=7)).procedure.id)


def test_a_preview_lists_each_part_with_its_dates_and_its_reason(nurse: Caller, procedure: str) -> None:
    said = nurse.post(f"/procedures/{procedure}/replan-preview", {"performed_at": LATER}).json

    assert said.keys() == {"keep", "move", "add", "drop"}
    discharge = next(row for row in said["move"] if row["key"] == "discharge" and row["text"] is None)
    assert discharge["before"]["due_at"] < discharge["after"]["due_at"]
    assert discharge["reason"] == "follows the procedure's new date"


def test_a_preview_changes_nothing(nurse: Caller, procedure: str, world: World) -> None:
    nurse.post(f"/procedures/{procedure}/replan-preview", {"performed_at": LATER})

    assert nurse.get(f"/procedures/{procedure}").json["performed_at"].startswith("2026-12-20")
    assert world.rows(PlanRevision) == []


def test_a_change_does_what_its_preview_said(nurse: Caller, procedure: str) -> None:
    foreseen = nurse.post(f"/procedures/{procedure}/replan-preview", {"performed_at": LATER}).json
    done = nurse.patch(f"/procedures/{procedure}", {"performed_at": LATER, "reason": "theatre full"}).json

    assert done["replan"] == foreseen
    assert done["performed_at"].startswith("2026-12-30")
    assert done["care_plan"]["performed_at"] == done["performed_at"]


def test_a_change_by_whoever_read_an_older_version_is_refused(nurse: Caller, procedure: str) -> None:
    tag = nurse.get(f"/procedures/{procedure}").headers["ETag"]
    nurse.patch(f"/procedures/{procedure}", {"performed_at": LATER}, If_Match=tag)

    late = nurse.patch(f"/procedures/{procedure}", {"performed_at": DAY}, If_Match=tag)

    assert late.status_code == 412


def test_the_record_says_who_why_and_how_much(nurse: Caller, procedure: str, world: World) -> None:
    done = nurse.patch(f"/procedures/{procedure}", {"performed_at": LATER, "reason": "theatre full"}).json

    [row] = nurse.get(f"/care-plans/{done['care_plan']['id']}/revisions").json["items"]

    assert (row["cause"], row["reason"], row["undoable"]) == ("procedure_moved", "theatre full", True)
    assert row["counts"]["move"] == len(done["replan"]["move"])


def test_a_change_can_be_taken_back(nurse: Caller, procedure: str) -> None:
    done = nurse.patch(f"/procedures/{procedure}", {"performed_at": LATER}).json

    undone = nurse.post(f"/plan-revisions/{done['revision_id']}/undo")

    assert undone.status_code == 200
    assert undone.json["care_plan"]["performed_at"].startswith("2026-12-20")
    assert nurse.post(f"/plan-revisions/{done['revision_id']}/undo").status_code == 409


def test_a_cancelled_procedure_ends_its_plan(nurse: Caller, procedure: str) -> None:
    done = nurse.patch(f"/procedures/{procedure}", {"status": "cancelled"}).json

    assert (done["status"], done["care_plan"]["status"]) == ("cancelled", "revoked")


def test_a_plan_goes_to_the_figures_the_clinic_signed_last(
    nurse: Caller, procedure: str, world: World
) -> None:
    with transaction(world.engine) as session:
        figures = {"heavy_lifting.ends": "P8W"}
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", figures, now=world.now)

    done = nurse.patch(f"/procedures/{procedure}", {"protocol": "nucleoplasty_lumbar"}).json

    assert [row["key"] for row in done["replan"]["move"]] == ["heavy_lifting"]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("protocol", {"protocol": "unknown"}),
        ("protocol", {"protocol": "nucleoplasty_cervical"}),
        ("protocol", {"protocol_version": 999}),
        ("performed_at", {"performed_at": "2029-01-01T10:00:00Z"}),
        ("status", {"status": "performed"}),
    ],
)
def test_a_change_that_cannot_be_names_its_field(
    nurse: Caller, procedure: str, field: str, body: dict[str, Any]
) -> None:
    refusal = nurse.patch(f"/procedures/{procedure}", body)

    assert (refusal.status_code, list(refusal.json["errors"])) == (422, [field])


def test_a_patient_who_says_where_they_are_gets_texts_by_that_clock(patient: Caller, world: World) -> None:
    before = {row.id: row.due_at for row in world.messages(status="scheduled")}

    answer = patient.patch("/me", {"timezone": "America/New_York"})

    assert answer.json["timezone"] == "America/New_York"
    moved = [row for row in world.messages(status="scheduled") if row.due_at != before.get(row.id)]
    assert len(moved) > 20


def test_a_patient_can_ask_for_no_hour_of_the_night(patient: Caller) -> None:
    refusal = patient.patch("/me", {"preferred_time": "03:00"})

    assert (refusal.status_code, list(refusal.json["errors"])) == (422, ["preferred_time"])
