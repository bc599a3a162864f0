"""Operator alarms: one a cause, counted, cleared, and back when the cause is."""

import threading

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from backend.db import transaction
from backend.errors import NotFound
from backend.models import AuditEvent, OperatorAlarm, OutboundMessage, Patient
from backend.outbox import NewMessage, enqueue
from backend.queries.alarms import OpenAlarm, open_alarms
from backend.services.alarms import clear_alarm, dismiss_alarm, raise_alarm
from backend.services.writing import write_message
from notifications.gateway import PermanentSendError
from tests.world import CLINIC, World


def raise_(world: World, cause: str = "provider_down", detail: str = "no answer") -> bool:
    with transaction(world.engine) as session:
        return raise_alarm(session, cause, detail, now=world.now)


def clear(world: World, cause: str = "provider_down") -> bool:
    with transaction(world.engine) as session:
        return clear_alarm(session, cause, now=world.now)


def standing(world: World) -> tuple[OpenAlarm, ...]:
    with transaction(world.engine) as session:
        return open_alarms(session)


def causes(world: World) -> list[str]:
    return [alarm.cause for alarm in standing(world)]


def write(world: World, body: str = "Please call us.") -> None:
    """Let a nurse write to Ayşe, who is registered on the way."""
    patient = world.patient()
    with transaction(world.engine, world.nurse.clinic_id) as session:
        write_message(session, world.nurse, session.get_one(Patient, patient.id), body, now=world.now)


def test_the_same_cause_is_one_alarm_that_counts(world: World) -> None:
    assert raise_(world)
    first_at = world.now
    world.advance(minutes=5)
    assert not raise_(world)
    (alarm,) = standing(world)
    assert (alarm.times, alarm.raised_at, alarm.last_at) == (2, first_at, world.now)


def test_a_cleared_alarm_is_not_open(world: World) -> None:
    raise_(world)
    assert clear(world)
    assert not clear(world)
    assert standing(world) == ()


def test_a_cleared_cause_that_comes_back_is_a_new_alarm_in_the_same_row(world: World) -> None:
    raise_(world)
    raise_(world)
    clear(world)
    world.advance(days=1)
    assert raise_(world)
    (alarm,) = standing(world)
    assert (alarm.times, alarm.raised_at) == (1, world.now)
    assert len(world.rows(OperatorAlarm)) == 1


def test_processes_that_raise_one_cause_at_once_make_one_alarm(world: World) -> None:
    start = threading.Barrier(4)

    def race() -> None:
        start.wait(timeout=10)
        raise_(world)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=60)
    (alarm,) = standing(world)
    assert alarm.times == 4


def test_only_a_new_alarm_leaves_a_line_in_the_log(world: World) -> None:
    with capture_logs() as lines:
        raise_(world)
        raise_(world)
    assert [line["event"] for line in lines] == ["operator alarm"]


def test_a_daily_limit_concerns_its_own_clinic_alone(world: World) -> None:
    raise_(world, f"daily_limit/{world.nurse.clinic_id}")
    elsewhere = world.open_clinic(CLINIC)
    with transaction(world.engine, elsewhere.clinic_id) as session:
        assert open_alarms(session, clinic_id=elsewhere.clinic_id) == ()
    with transaction(world.engine, world.nurse.clinic_id) as session:
        assert len(open_alarms(session, clinic_id=world.nurse.clinic_id)) == 1


def test_whoever_clears_an_alarm_by_hand_is_on_record(world: World) -> None:
    raise_(world)
    (alarm,) = standing(world)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        dismiss_alarm(session, world.nurse, alarm.id, now=world.now)
    assert standing(world) == ()
    (line,) = world.rows(AuditEvent, AuditEvent.action == "clear_alarm")
    assert (line.actor, line.detail) == (world.nurse.name, {"cause": "provider_down"})


def test_an_alarm_that_is_not_open_cannot_be_cleared_by_hand(world: World) -> None:
    raise_(world)
    (alarm,) = standing(world)
    clear(world)
    with transaction(world.engine, world.nurse.clinic_id) as session, pytest.raises(NotFound):
        dismiss_alarm(session, world.nurse, alarm.id, now=world.now)


@pytest.mark.parametrize(
    ("code", "cause"),
    [(21408, "provider_code/21408"), (21617, "provider_code/21617"), (99999, "provider_code/99999")],
)
def test_a_code_that_only_an_operator_can_mend_is_an_alarm(world: World, code: int, cause: str) -> None:
    write(world)
    world.gateway.fail_next(PermanentSendError("refused", code=code))
    world.tick()
    assert causes(world) == [cause]


def test_a_refusal_without_any_code_is_an_alarm(world: World) -> None:
    write(world)
    world.gateway.fail_next(PermanentSendError("refused"))
    world.tick()
    assert causes(world) == ["provider_code/none"]


def test_a_code_that_is_first_heard_of_in_a_report_is_an_alarm_too(world: World) -> None:
    write(world)
    world.tick()
    (message,) = world.messages()
    world.report(message, "undelivered", code=30034)
    assert causes(world) == ["provider_code/30034"]


@pytest.mark.parametrize("code", [30003, 30004, 30005, 30007, 30036, 30001])
def test_a_code_that_concerns_one_phone_is_no_alarm(world: World, code: int) -> None:
    write(world)
    world.tick()
    (message,) = world.messages()
    world.report(message, "undelivered", code=code)
    assert causes(world) == []


def test_a_text_that_cannot_be_written_is_an_alarm_that_names_its_template(world: World) -> None:
    patient = world.patient()
    row = NewMessage(
        identity="bad",
        patient_id=patient.id,
        purpose="inform",
        template="no_such_template",
        due_at=world.now,
        expires_at=world.now.replace(hour=20),
    )
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, [row], now=world.now)
    world.tick()
    assert causes(world) == ["uncomposable/no_such_template"]


def test_a_text_whose_worker_died_and_whose_fate_was_never_learned_is_no_mistake_of_ours(
    world: World,
) -> None:
    patient = world.patient()
    row = NewMessage(
        identity="lost",
        patient_id=patient.id,
        purpose="inform",
        template="welcome",
        due_at=world.now,
        expires_at=world.now.replace(hour=20),
    )
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, [row], now=world.now)
    with transaction(world.engine) as session:
        session.execute(update(OutboundMessage).values(status="unknown"))
    world.advance(days=1).tick()
    assert [message.status for message in world.messages()] == ["failed"]
    assert causes(world) == []


def test_no_alarm_holds_a_number_a_name_or_a_text(world: World) -> None:
    write(world, "Dear Ayşe, call +905321234567")
    world.gateway.fail_next(PermanentSendError("not for +905321234567", code=21408))
    world.tick()
    (alarm,) = standing(world)
    assert not any(secret in alarm.detail for secret in ("+90", "Ayşe", "call"))
