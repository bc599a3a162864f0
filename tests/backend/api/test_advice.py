"""May I drive, fly, lift? What the patient's app answers from the plan, and whom it says to ask."""

import pytest
from sqlalchemy import select

from backend.db import transaction
from backend.models import CarePlan, Patient, Restriction
from backend.services.milestones import lift_restriction
from backend.services.plans import hold
from tests.backend.api.callers import Caller, patient_caller
from tests.world import OTHER_PHONE, World


def test_the_answer_says_since_when_why_and_whom_to_ask(patient: Caller) -> None:
    said = patient.get("/me/advice", topic="fly_short").json

    assert (said["answer"], said["from_on"]) == ("allowed", "2026-11-24")
    assert said["why"].startswith("A short flight is possible from the day after")
    assert said["ask"] == {
        "name": "Bosphorus Spine Clinic",
        "phone": "+90 212 555 01 00",
        "emergency_number": "112",
    }
    assert said["words"].startswith(
        "Bosphorus Spine Clinic: about a short flight: your plan allows it since Tuesday 24 November."
    )


def test_a_date_to_come_is_told_as_a_day(patient: Caller) -> None:
    said = patient.get("/me/advice", topic="lift").json

    assert (said["answer"], said["from_on"]) == ("not_before", "2027-01-04")
    assert "about lifting heavy things: not before Monday 4 January." in said["words"]


def test_a_date_of_today_is_told_with_its_hour(patient: Caller, world: World) -> None:
    world.advance(days=5, hours=20)
    patient = patient_caller(patient.app, world, patient.patient_id)  # type: ignore[arg-type]

    said = patient.get("/me/advice", topic="travel").json

    assert said["answer"] == "not_before"
    assert "not yet, and not before Monday 30 November at 12:00" in said["words"]


def test_one_can_ask_in_turkish(patient: Caller) -> None:
    said = patient.get("/me/advice", topic="sport", language="tr").json

    assert (said["answer"], said["name"]) == ("ask_first", "spor")
    assert "spor hakkında lütfen önce doktorunuza sorun" in said["words"]


@pytest.mark.parametrize("topic", ["skydiving", "Ölüm'", "x" * 60, "sex"])
def test_what_the_plan_does_not_say_is_for_the_doctor(patient: Caller, topic: str) -> None:
    answer = patient.get("/me/advice", topic=topic)

    assert (answer.status_code, answer.json["answer"]) == (200, "ask_first")
    assert "ask your doctor first: +90 212 555 01 00" in answer.json["words"]


def test_a_topic_has_to_be_named(patient: Caller) -> None:
    assert patient.get("/me/advice").status_code == 422


def test_a_clearance_given_by_the_clinic_is_the_answer(patient: Caller, world: World) -> None:
    with transaction(world.engine) as session:
        [sport] = session.scalars(select(Restriction).where(Restriction.step_key == "sport"))
        lift_restriction(session, world.nurse, sport, now=world.now)

    assert patient.get("/me/advice", topic="sport").json["answer"] == "allowed"


def test_a_plan_on_hold_allows_nothing(patient: Caller, world: World) -> None:
    with transaction(world.engine) as session:
        hold(session, world.nurse, session.scalars(select(CarePlan)).one(), now=world.now)

    assert patient.get("/me/advice", topic="fly_short").json["answer"] == "ask_first"


def test_of_two_procedures_the_newer_one_still_forbids(patient: Caller, world: World) -> None:
    world.advance(days=30)
    [person] = world.rows(Patient)
    world.enrol(person, levels=("L5-S1",))
    patient = patient_caller(patient.app, world, person.id)

    said = patient.get("/me/advice", topic="fly_short").json

    assert said["answer"] == "not_before"
    assert [reason["answer"] for reason in said["reasons"]] == ["not_before", "allowed"]


def test_a_patient_without_a_plan_is_sent_to_the_doctor(patient: Caller, world: World) -> None:
    alone = patient_caller(patient.app, world, world.patient(phone=OTHER_PHONE).id)

    assert alone.get("/me/advice", topic="drive").json["answer"] == "ask_first"
    assert alone.get("/me/advice/topics").json["items"] == []


def test_the_app_can_list_what_can_be_asked(patient: Caller) -> None:
    items = patient.get("/me/advice/topics", language="tr").json["items"]

    assert {"topic": "drive", "name": "araç kullanma"} in items


def test_staff_have_no_plan_to_ask_about(nurse: Caller) -> None:
    assert nurse.get("/me/advice", topic="drive").status_code == 403
