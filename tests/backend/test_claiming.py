"""Who is served next: clinics in turn, urgent texts first, a patient once a minute, senders shared."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend.db import transaction
from backend.models import Clinic, ClinicDay, OperatorAlarm, OutboundMessage, SenderState
from backend.outbox import NewMessage, Senders, SqlOutbox, enqueue
from backend.outbox.fairness import Waiting, deal
from backend.services.actors import Actor
from backend.services.alarms import tell_operators
from backend.services.clinics import switch_sending
from backend.services.delivery import draw_conclusions
from notifications.gateway import PermanentSendError, TransientSendError
from notifications.outbox_port import Postponed
from tests.world import CLINIC, World

LEASE = timedelta(seconds=60)
IDS = [uuid.UUID(int=number) for number in (1, 2, 3)]


def outbox(world: World, rate: float | None = None) -> SqlOutbox:
    senders = Senders("+15005550006", lambda _sender: rate, lambda: 1.0, tell_operators)
    return SqlOutbox(world.engine, LEASE, draw_conclusions, senders)


def queue(world: World, clinic: Actor, count: int, **changes: Any) -> None:
    """Put texts to as many patients in a clinic's outbox, due now unless told otherwise."""
    start = len(world.messages())
    for number in range(start, start + count):
        patient = world.patient(actor=clinic, phone=f"+9053212{number:05}")
        queue_for(world, clinic, patient.id, f"text-{number}", **changes)


def queue_for(world: World, clinic: Actor, patient_id: Any, identity: str, **changes: Any) -> None:
    """Put one text to a patient in the outbox."""
    message = NewMessage(
        **{
            "identity": identity,
            "patient_id": patient_id,
            "purpose": "inform",
            "body": identity,
            "due_at": world.now,
            "expires_at": world.now + timedelta(days=1),
        }
        | changes
    )
    with transaction(world.engine) as session:
        enqueue(session, clinic.clinic_id, [message], now=world.now)


def set_clinic(world: World, clinic: Actor, **values: Any) -> None:
    """Change a clinic's settings."""
    with transaction(world.engine) as session:
        session.execute(update(Clinic).where(Clinic.id == clinic.clinic_id).values(**values))


def owners(world: World, limit: int) -> list[str]:
    """Claim so many texts and return the clinics' senders."""
    return [claimed.sender or "house" for claimed in outbox(world).claim(world.now, limit)]


# clinics in turn


def test_one_clinics_backlog_does_not_delay_anothers_text(world: World) -> None:
    queue(world, world.nurse, 12, due_at=world.now - timedelta(hours=2))
    other = world.open_clinic(replace(CLINIC, name="Other"))
    set_clinic(world, other, sender="OTHER")
    queue(world, other, 2)
    assert sorted(owners(world, 6)) == ["OTHER", "OTHER", "house", "house", "house"]


def test_a_clinic_alone_may_have_the_whole_batch(world: World) -> None:
    queue(world, world.nurse, 5)
    assert len(outbox(world).claim(world.now, 5)) == 5


def test_a_batch_is_dealt_out_in_turns() -> None:
    a, b, c = (Waiting(world_id, "S") for world_id in IDS)
    assert deal([a, b, c], 7, {"S": 100}, first=0) == {IDS[0]: 3, IDS[1]: 2, IDS[2]: 2}


def test_with_more_clinics_than_texts_each_comes_first_once() -> None:
    waiting = [Waiting(world_id, "S") for world_id in IDS]
    served = [next(iter(deal(waiting, 1, {"S": 100}, first=turn))) for turn in range(3)]
    assert sorted(served) == sorted(IDS)


def test_clinics_of_one_sender_share_its_room() -> None:
    waiting = [Waiting(IDS[0], "S"), Waiting(IDS[1], "S"), Waiting(IDS[2], "T")]
    assert deal(waiting, 100, {"S": 3, "T": 1}, first=0) == {IDS[0]: 2, IDS[1]: 1, IDS[2]: 1}


def test_a_clinic_at_its_limit_gets_nothing() -> None:
    assert deal([Waiting(IDS[0], "S", 0), Waiting(IDS[1], "S", 1)], 9, {"S": 9}, first=0) == {IDS[1]: 1}


# urgent texts


def test_urgent_texts_go_before_a_backlog(world: World) -> None:
    queue(world, world.nurse, 4, due_at=world.now - timedelta(hours=2))
    queue(world, world.nurse, 1, ignores_quiet_hours=True, purpose="safety")
    (claimed,) = outbox(world).claim(world.now, 1)
    assert claimed.ignores_quiet_hours


def test_urgent_texts_go_though_the_clinic_switched_sending_off(world: World) -> None:
    queue(world, world.nurse, 2)
    queue(world, world.nurse, 1, ignores_quiet_hours=True, purpose="safety")
    with transaction(world.engine, world.nurse.clinic_id) as session:
        switch_sending(session, world.nurse, enabled=False, now=world.now)
    (claimed,) = outbox(world).claim(world.now, 10)
    assert claimed.ignores_quiet_hours


def test_urgent_texts_do_not_wait_for_their_senders_rate(world: World) -> None:
    queue(world, world.nurse, 12)
    slow = outbox(world, rate=1.0)
    assert len(slow.claim(world.now, 100)) == 10
    queue(world, world.nurse, 1, ignores_quiet_hours=True, purpose="safety")
    assert [claimed.ignores_quiet_hours for claimed in slow.claim(world.now, 100)] == [True]


# a clinic's day


def test_a_clinic_sends_no_more_a_day_than_its_limit(world: World) -> None:
    set_clinic(world, world.nurse, daily_text_limit=3)
    queue(world, world.nurse, 5)
    assert len(outbox(world).claim(world.now, 2)) == 2
    assert len(outbox(world).claim(world.now, 100)) == 1
    assert outbox(world).claim(world.now, 100) == ()


def test_a_new_day_at_the_clinic_is_a_new_limit(world: World) -> None:
    set_clinic(world, world.nurse, daily_text_limit=3)
    queue(world, world.nurse, 5)
    outbox(world).claim(world.now, 100)
    world.at(2026, 11, 23, 21, 30)  # 00:30 in Istanbul
    assert len(outbox(world).claim(world.now, 100)) == 2


def test_a_text_that_did_not_leave_does_not_count(world: World) -> None:
    set_clinic(world, world.nurse, daily_text_limit=3)
    queue(world, world.nurse, 3)
    rows = outbox(world).claim(world.now, 100)
    back = [Postponed(row.message_id, row.attempt, world.now, "moved") for row in rows]
    outbox(world).record(back, world.now)
    (day,) = world.rows(ClinicDay)
    assert day.texts == 0


def test_urgent_texts_pass_the_limit_and_count(world: World) -> None:
    set_clinic(world, world.nurse, daily_text_limit=1)
    queue(world, world.nurse, 2, ignores_quiet_hours=True, purpose="safety")
    queue(world, world.nurse, 1)
    assert [claimed.ignores_quiet_hours for claimed in outbox(world).claim(world.now, 100)] == [True, True]


# one patient's texts


def test_a_patients_texts_reach_the_phone_a_minute_apart(world: World) -> None:
    patient = world.patient()
    for name in ("a", "b", "c"):
        queue_for(world, world.nurse, patient.id, name)
    assert world.tick().accepted == 1
    world.advance(seconds=30)
    assert world.tick().accepted == 0
    world.advance(seconds=30)
    assert world.tick().accepted == 1
    world.advance(minutes=1)
    assert world.tick().accepted == 1


def test_a_spaced_text_says_why(world: World) -> None:
    patient = world.patient()
    queue_for(world, world.nurse, patient.id, "a")
    queue_for(world, world.nurse, patient.id, "b")
    world.tick()
    (waiting,) = world.messages(status="scheduled")
    assert waiting.why == "a minute later: another text had just gone"


def test_two_workers_at_once_send_a_patient_one_text(world: World) -> None:
    patient = world.patient()
    queue_for(world, world.nurse, patient.id, "a")
    queue_for(world, world.nurse, patient.id, "b")
    (first,) = outbox(world).claim(world.now, 1)
    (second,) = outbox(world).claim(world.now, 1)
    assert (first.last_text_at, second.last_text_at) == (None, world.now)


def test_the_greeting_keeps_nothing_waiting(world: World) -> None:
    patient = world.patient()
    queue_for(world, world.nurse, patient.id, "greeting", body=None, template="welcome")
    queue_for(world, world.nurse, patient.id, "question", purpose="ask")
    assert world.tick().accepted == 2


def test_a_persons_own_words_and_answers_wait_for_nothing(world: World) -> None:
    patient = world.patient()
    queue_for(world, world.nurse, patient.id, "a")
    world.tick()
    queue_for(world, world.nurse, patient.id, "nurse", purpose="written")
    queue_for(world, world.nurse, patient.id, "answer", purpose="acknowledge", ignores_quiet_hours=True)
    assert world.tick().accepted == 2


def test_of_late_texts_of_one_step_only_the_newest_goes(world: World) -> None:
    plan = world.enrol().care_plan
    with transaction(world.engine) as session:
        session.execute(update(OutboundMessage).values(status="cancelled"))
    for day, name in ((3, "old"), (2, "older"), (1, "new")):
        queue_for(
            world,
            world.nurse,
            plan.patient_id,
            name,
            care_plan_id=plan.id,
            step_key="mri_3_months",
            purpose="remind",
            lateness="newest_only",
            due_at=world.now - timedelta(days=day),
        )
    world.tick()
    assert world.sent() == ["new"]
    whys = {message.why for message in world.messages(purpose="remind", status="cancelled") if message.body}
    assert whys == {"not sent: late, and a newer text about the same has taken its place"}


def test_a_nudge_waits_for_its_question_that_went_late(world: World) -> None:
    plan = world.enrol().care_plan
    world.at(2026, 11, 24, 10, 30).tick()  # 13:30 in Istanbul: the question of ten o'clock
    world.at(2026, 11, 24, 11, 1).run(minutes=3)
    (first_day,) = [check_in for check_in in world.check_ins(plan) if check_in.day == 1]
    (nudge,) = world.messages(purpose="nudge", check_in_id=first_day.id)
    assert nudge.due_at == datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    assert nudge.why.startswith("a nudge waits")


# senders that all workers share


def test_a_senders_rate_is_shared_by_all_workers(world: World) -> None:
    queue(world, world.nurse, 25)
    assert len(outbox(world, rate=1.0).claim(world.now, 100)) == 10
    assert outbox(world, rate=1.0).claim(world.now, 100) == ()
    assert len(outbox(world, rate=1.0).claim(world.now + timedelta(seconds=4), 100)) == 4


def test_refused_credentials_stop_every_worker_and_tell_operators(world: World) -> None:
    queue(world, world.nurse, 3)
    world.gateway.fail_next(PermanentSendError("refused", code=20003))
    world.tick()
    world.advance(minutes=1)
    assert outbox(world).claim(world.now, 100) == ()
    causes = {alarm.cause for alarm in world.rows(OperatorAlarm) if alarm.cleared_at is None}
    assert "credentials" in causes


def test_after_refused_credentials_one_text_tries(world: World) -> None:
    queue(world, world.nurse, 3)
    world.gateway.fail_next(PermanentSendError("refused", code=20003))
    world.tick()
    assert len(outbox(world).claim(world.now + timedelta(minutes=5), 100)) == 1


def test_credentials_that_work_again_clear_the_alarm(world: World) -> None:
    queue(world, world.nurse, 3)
    world.gateway.fail_next(PermanentSendError("refused", code=20003))
    world.tick()
    world.advance(minutes=5)
    world.run(minutes=2)
    assert {message.status for message in world.messages()} == {"accepted"}
    (alarm,) = world.rows(OperatorAlarm)
    assert alarm.cleared_at is not None


def test_a_provider_that_is_down_is_left_alone_and_told_of(world: World) -> None:
    queue(world, world.nurse, 40)
    world.gateway.fail_next(*(TransientSendError("no connection") for _ in range(400)))
    world.tick()
    tried = [message for message in world.messages() if message.attempt]
    assert len(tried) < 40
    assert outbox(world).claim(world.now + timedelta(seconds=5), 100) == ()
    assert "provider_down" in {alarm.cause for alarm in world.rows(OperatorAlarm)}


def test_a_pause_the_provider_asks_for_holds_its_sender_only(world: World) -> None:
    other = world.open_clinic(replace(CLINIC, name="Other"))
    set_clinic(world, other, sender="OTHER")
    queue(world, world.nurse, 1)
    world.gateway.fail_next(TransientSendError("slow down", code=20429, retry_after=30.0))
    world.tick()
    queue(world, world.nurse, 1)
    queue(world, other, 1)
    world.advance(seconds=5)
    assert owners(world, 10) == ["OTHER"]
    (state,) = world.rows(SenderState)
    assert state.pause_reason == "the provider asked for a pause"


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_whatever_the_limit_each_text_goes_once(world: World, limit: int) -> None:
    other = world.open_clinic(replace(CLINIC, name="Other"))
    queue(world, world.nurse, 9)
    queue(world, other, 4, ignores_quiet_hours=True, purpose="safety")
    port, seen = outbox(world), []
    while batch := port.claim(world.now, limit):
        assert len(batch) <= limit
        seen += [claimed.message_id for claimed in batch]
    assert len(seen) == len(set(seen)) == 13
