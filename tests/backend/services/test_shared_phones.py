"""Two patients on one number: each text says whom it is for, and no answer is taken for the wrong one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend.db import transaction
from backend.models import Clinic, InboundMessage, Observation, Patient
from backend.services.actors import Actor
from backend.services.understanding import handle_inbound
from backend.services.writing import send_sign_in_code, write_message
from notifications.gateway import TransientSendError
from tests.world import CLINIC, CLINIC_NUMBER, OTHER_PHONE, World

OTHER_CLINIC = replace(CLINIC, name="Aegean Spine Clinic")


def family(world: World, **details: Any) -> tuple[Patient, Patient]:
    """Ayşe and Fatma, enrolled on the same day, on one phone."""
    people = world.patient(), world.patient(given_name="Fatma", **details)
    for person in people:
        world.enrol(person)
    return people


def asked(world: World) -> tuple[Patient, Patient]:
    """Both have been asked how strong their pain is."""
    people = family(world)
    world.run(minutes=2)
    world.at(2026, 11, 24, 7, 0).run(minutes=3)
    return people


def answers(world: World) -> list[tuple[object, int]]:
    return [(row.patient_id, row.value) for row in world.rows(Observation)]


def test_each_text_says_whom_it_is_for(world: World) -> None:
    asked(world)
    assert {body.split(": ")[0] for body in world.sent()} == {"For Ayşe", "For Fatma"}
    assert len([body for body in world.sent() if body.startswith("For Fatma: Bosphorus Spine Clinic: ")]) == 2


def test_it_says_so_in_the_patients_language(world: World) -> None:
    family(world, language="tr")
    world.tick()
    assert any(body.startswith("Fatma için: ") for body in world.sent())


def test_a_nurses_own_words_a_code_and_a_safety_text_say_so_too(world: World) -> None:
    _, fatma = asked(world)
    world.gateway.sent.clear()
    with transaction(world.engine, world.nurse.clinic_id) as session:
        patient = session.get_one(Patient, fatma.id)
        write_message(session, world.nurse, patient, "Please call us.", now=world.now)
        send_sign_in_code(session, patient, "482913", now=world.now)
    world.text_in("I cannot pass urine")
    world.tick()
    starts = sorted(body.split(": ")[0] for body in world.sent())
    assert starts == ["For Ayşe", "For Fatma", "For Fatma", "For Fatma"]


def test_a_text_tried_again_says_it_once(world: World) -> None:
    _, fatma = asked(world)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        patient = session.get_one(Patient, fatma.id)
        write_message(session, world.nurse, patient, "Please call us.", now=world.now)
    world.gateway.fail_next(TransientSendError("busy"))
    world.tick()
    world.advance(minutes=2).tick()
    assert world.sent()[-1] == "For Fatma: Please call us."


def test_who_else_has_the_number_is_seen_at_the_moment_of_sending(world: World) -> None:
    world.enrol(world.patient())
    world.tick()
    assert not world.sent()[-1].startswith("For")
    world.patient(given_name="Fatma")
    world.at(2026, 11, 24, 7, 0).tick()
    assert world.sent()[-1].startswith("For Ayşe: ")
    with transaction(world.engine) as session:
        session.execute(update(Patient).where(Patient.given_name == "Fatma").values(phone=OTHER_PHONE))
    world.at(2026, 11, 26, 7, 0).tick()
    assert not world.sent()[-1].startswith("For")


def test_a_number_alone_is_nobodys(world: World) -> None:
    asked(world)
    text = world.text_in("4")
    assert (text.status, text.patient_id, answers(world)) == ("needs_review", None, [])


@pytest.mark.parametrize("body", ["Fatma 4", "4 fatma", "FATMA: 4", "For Fatma: 4"])
def test_a_number_with_a_name_is_that_ones(world: World, body: str) -> None:
    _, fatma = asked(world)
    text = world.text_in(body)
    assert (text.status, text.patient_id) == ("handled", fatma.id)
    assert answers(world) == [(fatma.id, 4)]


@pytest.mark.parametrize("body", ["Ayşe 4 Fatma 5", "Fatma 4, slept badly", "Fatma asks if she may swim"])
def test_more_than_a_name_and_a_number_goes_to_a_person(world: World, body: str) -> None:
    asked(world)
    text = world.text_in(body)
    assert (text.status, text.patient_id, answers(world)) == ("needs_review", None, [])


def test_a_red_flag_that_names_one_alerts_for_both(world: World) -> None:
    ayse, fatma = asked(world)
    world.text_in("Fatma cannot pass urine")
    assert {alert.patient_id for alert in world.alerts()} == {ayse.id, fatma.id}


def test_stop_counts_for_both_and_each_is_told(world: World) -> None:
    asked(world)
    world.text_in("STOP")
    world.tick()
    assert {patient.consent_state for patient in world.rows(Patient)} == {"opted_out"}
    assert {body.split(": ")[0] for body in world.sent()[-2:]} == {"For Ayşe", "For Fatma"}


# in two clinics


def in_two_clinics(world: World) -> tuple[Actor, Patient, Patient]:
    """Ayşe is followed by one clinic and Fatma by another, on one phone; both have been asked."""
    elsewhere = world.open_clinic(OTHER_CLINIC)
    ayse, fatma = world.patient(), world.patient(actor=elsewhere, given_name="Fatma")
    world.enrol(ayse)
    world.enrol(fatma, actor=elsewhere)
    world.run(minutes=2)
    world.at(2026, 11, 24, 7, 0).run(minutes=3)
    return elsewhere, ayse, fatma


def test_a_number_is_not_taken_for_the_clinic_that_wrote_last(world: World) -> None:
    in_two_clinics(world)
    text = world.text_in("4")
    assert (text.status, text.patient_id, answers(world)) == ("needs_review", None, [])


def test_a_name_leads_to_the_right_clinic(world: World) -> None:
    elsewhere, _, fatma = in_two_clinics(world)
    text = world.text_in("Fatma 4")
    assert (text.clinic_id, text.patient_id) == (elsewhere.clinic_id, fatma.id)
    assert answers(world) == [(fatma.id, 4)]


def test_a_red_flag_is_seen_in_both_clinics(world: World) -> None:
    elsewhere, _, _ = in_two_clinics(world)
    world.text_in("I cannot pass urine")
    assert {alert.clinic_id for alert in world.alerts()} == {world.nurse.clinic_id, elsewhere.clinic_id}


def test_the_number_that_was_texted_tells_which_clinic_is_meant(world: World) -> None:
    elsewhere, ayse, _ = in_two_clinics(world)
    with transaction(world.engine) as session:
        session.execute(update(Clinic).where(Clinic.id == elsewhere.clinic_id).values(sender="+15005550007"))
    assert CLINIC_NUMBER != "+15005550007"
    text = world.text_in("4")
    assert (text.patient_id, answers(world)) == (ayse.id, [(ayse.id, 4)])


def test_a_text_understood_twice_is_answered_once(world: World) -> None:
    asked(world)
    text = world.text_in("Fatma 4")
    with transaction(world.engine) as session:
        handle_inbound(
            session, session.get_one(InboundMessage, text.id), now=world.now + timedelta(minutes=1)
        )
    assert len(answers(world)) == 1
