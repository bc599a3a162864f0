"""Reports of an earlier attempt: proof that it left, and the sign of a text sent twice."""

import asyncio
from datetime import datetime, timedelta

import pytest

from backend.db import transaction
from backend.models import MessageEvent, OperatorAlarm, OutboundMessage
from backend.outbox import NewMessage, enqueue
from backend.outbox.doubles import SENT_TWICE
from backend.services.delivery import record_delivery
from notifications.gateway import DeliveryReport, OutgoingText, UnknownOutcome
from notifications.phone import PhoneNumber
from tests.world import PHONE, World

FIRST, SECOND = (f"SM{number:032x}" for number in (1, 2))


@pytest.fixture
def message(world: World) -> OutboundMessage:
    """A text the provider took, which it does not show in its list: thought absent, it waits to go again."""
    patient = world.patient()
    text = NewMessage(
        identity="a",
        patient_id=patient.id,
        purpose="written",
        body="How are you?",
        due_at=world.now,
        expires_at=world.now + timedelta(hours=8),
        ignores_quiet_hours=True,
    )
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, [text], now=world.now)
    world.gateway.fail_next(UnknownOutcome("no answer"))
    world.tick()
    world.gateway.forget(FIRST)
    world.advance(minutes=2).reconcile()
    return only(world)


def only(world: World) -> OutboundMessage:
    """Return the one message there is, as it stands."""
    (message,) = world.messages()
    return message


def report(
    world: World, message: OutboundMessage, status: str, *, attempt: int, sid: str, code: int | None = None
) -> None:
    """Let a callback come."""
    with transaction(world.engine) as session:
        record_delivery(session, message.id, attempt, DeliveryReport(sid, status, code), now=world.now)


def lines(world: World) -> list[str]:
    """Return what the why-log says of a text sent twice."""
    return [line.why for line in world.rows(MessageEvent) if line.why == SENT_TWICE]


def alarms(world: World) -> list[tuple[str, int]]:
    """Return the operators' alarms, and how often each came."""
    return [(alarm.cause, alarm.times) for alarm in world.rows(OperatorAlarm)]


@pytest.mark.parametrize("status", ["queued", "sent", "delivered"])
def test_a_text_that_was_taken_after_all_is_not_sent_again(
    world: World, message: OutboundMessage, status: str
) -> None:
    assert message.status == "scheduled"
    report(world, message, status, attempt=1, sid=FIRST)
    world.advance(hours=1).tick()
    assert len(world.sent()) == 1
    assert (only(world).attempt, only(world).provider_sid) == (1, FIRST)


def test_a_text_that_was_taken_and_failed_after_all_is_lost_and_not_sent_again(
    world: World, message: OutboundMessage
) -> None:
    report(world, message, "undelivered", attempt=1, sid=FIRST, code=30007)
    world.advance(hours=1).tick()
    assert (only(world).status, only(world).error_code) == ("undelivered", 30007)
    assert len(world.sent()) == 1


def test_a_report_about_no_attempt_moves_nothing_that_waits(world: World, message: OutboundMessage) -> None:
    report(world, message, "delivered", attempt=0, sid=FIRST)
    assert only(world).status == "scheduled"


def test_a_text_that_left_twice_is_written_down_once_and_told(world: World, message: OutboundMessage) -> None:
    world.tick()
    for status in ("sent", "delivered"):
        report(world, message, status, attempt=1, sid=FIRST)
        report(world, message, status, attempt=2, sid=SECOND)
    assert len(lines(world)) == 1
    assert alarms(world) == [("sent_twice", 1)]
    assert (only(world).status, only(world).provider_sid) == ("delivered", SECOND)


def test_a_text_that_left_twice_is_seen_from_its_second_receipt(
    world: World, message: OutboundMessage
) -> None:
    """The callback of the first attempt comes while a worker has the second in its hands."""

    world.gateway.meanwhile(lambda _second: report(world, message, "sent", attempt=1, sid=FIRST))
    world.tick()
    assert len(lines(world)) == 1
    assert alarms(world) == [("sent_twice", 1)]
    assert (only(world).status, only(world).provider_sid) == ("sent", FIRST)


def test_a_text_that_left_twice_is_seen_after_its_worker_died(world: World, message: OutboundMessage) -> None:
    with transaction(world.engine) as session:
        row = session.get_one(OutboundMessage, message.id)
        row.status, row.attempt, row.attempted_at = "unknown", 2, world.now
    report(world, message, "sent", attempt=2, sid=SECOND)
    report(world, message, "sent", attempt=1, sid=FIRST)
    assert len(lines(world)) == 1


def test_that_an_earlier_attempt_failed_closes_no_later_one(world: World, message: OutboundMessage) -> None:
    world.tick()
    report(world, message, "undelivered", attempt=1, sid=FIRST, code=30003)
    assert only(world).status == "accepted"
    assert len(lines(world)) == 1


def test_a_report_that_comes_twice_is_no_text_that_left_twice(world: World, message: OutboundMessage) -> None:
    world.tick()
    for _ in range(2):
        report(world, message, "sent", attempt=2, sid=SECOND)
    assert lines(world) == []
    assert alarms(world) == []


def test_identical_texts_that_got_each_others_ids_are_not_taken_for_texts_sent_twice(
    world: World, message: OutboundMessage
) -> None:
    world.tick()
    stranger = OutgoingText("b", 1, PhoneNumber.parse(PHONE), "How are you?", "")
    third = asyncio.run(world.gateway.send(stranger)).provider_sid
    with transaction(world.engine) as session:
        first = session.get_one(OutboundMessage, message.id)
        text = NewMessage(
            identity="b",
            patient_id=first.patient_id,
            purpose="written",
            due_at=world.now,
            expires_at=world.now,
        )
        enqueue(session, first.clinic_id, [text], now=world.now)
        (other,) = session.query(OutboundMessage).filter_by(identity="b")
        other.status, other.attempt, other.provider_sid = "accepted", 1, third
    report(world, message, "delivered", attempt=2, sid=third)
    (now_there,) = world.messages(identity="a")
    assert (now_there.status, now_there.provider_sid) == ("delivered", SECOND)
    assert lines(world) == []


def test_a_report_before_the_final_status_puts_off_asking_for_one(
    world: World, message: OutboundMessage
) -> None:
    world.tick()
    world.advance(minutes=30)
    report(world, message, "sent", attempt=2, sid=SECOND)
    assert asked_next(world) == world.now + timedelta(hours=1)


def test_a_final_report_leaves_nothing_to_ask(world: World, message: OutboundMessage) -> None:
    world.tick()
    report(world, message, "delivered", attempt=2, sid=SECOND)
    assert asked_next(world) is None


def asked_next(world: World) -> datetime | None:
    """Return when the provider is asked about the one message."""
    return only(world).ask_at
