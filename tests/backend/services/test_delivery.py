"""What the fate of a text means: a lost one that mattered is put in front of a person."""

from datetime import timedelta
from typing import Any

import pytest

from backend.db import transaction
from backend.models import CarePlan, Patient
from backend.outbox import NewMessage, cancel, enqueue
from backend.services.writing import write_message
from notifications.gateway import PermanentSendError, TransientSendError, UnknownOutcome
from tests.world import World


@pytest.fixture
def written(world: World) -> World:
    """A nurse has just written to Ayşe, who is enrolled and was welcomed."""
    enrolment = world.enrol()
    world.tick()
    with transaction(world.engine, world.nurse.clinic_id) as session:
        patient = session.get_one(Patient, enrolment.care_plan.patient_id)
        write_message(session, world.nurse, patient, "Please call us.", now=world.now)
    return world


def queue(world: World, plan: CarePlan, *names: str, **changes: object) -> None:
    """Queue a plan's reminders, due now and useful for an hour."""
    due: dict[str, Any] = {"due_at": world.now, "expires_at": world.now + timedelta(hours=1)}
    with transaction(world.engine) as session:
        reminders = [
            NewMessage(
                identity=f"{plan.id}/{name}",
                patient_id=plan.patient_id,
                care_plan_id=plan.id,
                purpose="remind",
                body=f"Remember {name}.",
                **(due | changes),
            )
            for name in names
        ]
        enqueue(session, plan.clinic_id, reminders, now=world.now)


def raised(world: World) -> list[tuple[str, str]]:
    return [(alert.rule, alert.tier) for alert in world.alerts()]


def test_a_nurses_text_that_is_refused_comes_back_to_a_nurse(written: World) -> None:
    written.gateway.fail_next(PermanentSendError("filtered", code=30007))
    written.tick()
    assert raised(written) == [("text_lost", "next_day")]


def test_a_nurses_text_that_the_phone_did_not_get_comes_back_to_a_nurse(written: World) -> None:
    written.tick()
    (message,) = written.messages(purpose="written")
    written.report(message, "undelivered", code=30008)
    assert raised(written) == [("text_lost", "next_day")]


def test_a_text_whose_fate_was_never_learned_comes_back_to_a_nurse(written: World) -> None:
    written.gateway.fail_next(UnknownOutcome("no answer"))
    written.tick()
    assert raised(written) == []
    written.advance(days=1, minutes=1).tick()
    assert ("text_lost", "next_day") in raised(written)


def test_a_safety_text_that_could_not_go_in_time_is_seen_the_same_day(world: World) -> None:
    world.enrol()
    world.tick()
    world.text_in("I cannot pass urine")
    world.gateway.fail_next(*[TransientSendError("refused connection")] * 50)
    for _ in range(40):
        world.now += timedelta(minutes=5)
        world.tick()
    assert ("text_lost", "same_day") in raised(world)


def test_lost_advice_raises_nothing(world: World) -> None:
    world.enrol()
    world.tick()
    (welcome,) = world.messages(template="welcome")
    world.report(welcome, "undelivered")
    assert raised(world) == []


def test_whatever_a_carrier_refuses_is_seen_by_a_nurse(world: World) -> None:
    world.enrol()
    world.gateway.fail_next(PermanentSendError("filtered", code=30007))
    world.tick()
    assert [message.status for message in world.messages(template="welcome")] == ["failed"]
    assert raised(world) == [("text_lost", "next_day")]


def test_a_reminder_that_asks_for_a_call_gets_one_when_it_is_too_late(world: World) -> None:
    plan = world.enrol().care_plan
    world.tick()
    queue(world, plan, "physical_therapy", lateness="call")
    world.advance(days=1).tick()
    (alert,) = world.alerts()
    assert (alert.rule, alert.tier) == ("text_too_late", "next_day")
    assert alert.reason["en"] == "A reminder could not be sent in time: call instead"
    assert alert.reason["tr"] == "Bir hatırlatma zamanında gönderilemedi: arayın"


def test_several_reminders_that_ask_for_a_call_are_one_line(world: World) -> None:
    plan = world.enrol().care_plan
    world.tick()
    queue(world, plan, "physical_therapy", "mri_3_months", lateness="call")
    world.advance(days=1).tick()
    (alert,) = world.alerts()
    assert alert.repeats == 1


def test_a_reminder_that_does_not_ask_for_a_call_expires_in_silence(world: World) -> None:
    plan = world.enrol().care_plan
    world.tick()
    queue(world, plan, "physical_therapy", lateness="newest_only")
    world.advance(days=1).tick()
    assert raised(world) == []


def test_a_reminder_that_was_called_off_needs_no_call(world: World) -> None:
    plan = world.enrol().care_plan
    world.tick()
    queue(world, plan, "physical_therapy", lateness="call")
    with transaction(world.engine) as session:
        cancel(session, "a newer text says the same", now=world.now, care_plan_id=plan.id)
    world.advance(days=1).tick()
    assert raised(world) == []


def test_a_question_that_ran_out_of_time_is_left_to_the_rules_of_silence(world: World) -> None:
    world.enrol()
    world.tick()
    world.advance(days=2, hours=1).tick()
    assert {message.status for message in world.messages(template="check_in_pain_red_flags")} >= {"expired"}
    assert raised(world) == []
