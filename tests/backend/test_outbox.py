"""The outbox: claims that no two workers share, statuses that never go back, reasons in words."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from backend.db import transaction
from backend.models import MessageEvent, OutboundMessage, Patient
from backend.outbox import FINAL, TRANSITIONS, NewMessage, Senders, SqlOutbox, cancel, enqueue, expire_leases
from backend.services.alarms import tell_operators
from backend.services.clinics import switch_sending
from backend.services.delivery import draw_conclusions
from notifications.dispatch import Dispatcher
from notifications.gateway import PermanentSendError, TransientSendError, UnknownOutcome
from tests.world import World

LEASE = timedelta(seconds=60)


def queue(world: World, patient: Patient, *names: str, **changes: object) -> None:
    """Put texts of a person's own words in the outbox, due now."""
    messages = [
        NewMessage(
            **{
                "identity": name,
                "patient_id": patient.id,
                "purpose": "written",
                "body": f"Text {name}",
                "due_at": world.now,
                "expires_at": world.now + timedelta(days=1),
            }
            | changes  # type: ignore[arg-type]
        )
        for name in names
    ]
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, messages, now=world.now)


def only(world: World) -> OutboundMessage:
    """Return the one message there is."""
    (message,) = world.messages()
    return message


def outbox(world: World) -> SqlOutbox:
    return SqlOutbox(world.engine, LEASE, draw_conclusions, senders())


def senders(rate: float | None = None) -> Senders:
    return Senders("+905550000000", lambda _sender: rate, lambda: 1.0, tell_operators)


def test_the_diagram_and_the_code_say_the_same() -> None:
    text = Path("docs/messages.md").read_text(encoding="utf-8")
    drawn = {tuple(move) for move in re.findall(r"^    (\w+) --> (\w+)$", text, re.MULTILINE)}
    assert drawn == {(source, target) for source, onward in TRANSITIONS.items() for target in onward}
    described = set(re.findall(r"^\| (\w+) \|", text, re.MULTILINE)) - {"state"}
    assert described == set(TRANSITIONS)


def test_the_same_identity_is_queued_once(world: World) -> None:
    patient = world.patient()
    queue(world, patient, "a")
    queue(world, patient, "a", "b")
    assert [message.identity for message in world.messages()] == ["a", "b"]


def test_what_is_claimed_cannot_be_claimed_again(world: World) -> None:
    queue(world, world.patient(), "a", "b")
    assert len(outbox(world).claim(world.now, 10)) == 2
    assert outbox(world).claim(world.now, 10) == ()


def test_a_claim_takes_no_more_than_its_limit_oldest_first(world: World) -> None:
    patient = world.patient()
    queue(world, patient, "late")
    queue(world, patient, "early", due_at=world.now - timedelta(hours=1))
    (claimed,) = outbox(world).claim(world.now, 1)
    assert claimed.body == "Text early"


def test_a_text_that_is_not_due_stays(world: World) -> None:
    queue(world, world.patient(), "a", due_at=world.now + timedelta(seconds=1))
    assert outbox(world).claim(world.now, 10) == ()


def test_workers_racing_for_the_same_texts_share_them_out(world: World) -> None:
    queue(world, world.patient(), *(f"text-{number:03}" for number in range(60)))
    claimed: list[str] = []
    start = threading.Barrier(4)

    def race() -> None:
        start.wait(timeout=10)
        while batch := outbox(world).claim(world.now, 7):
            claimed.extend(row.message_id for row in batch)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=60)
    # a racer that found every free row locked may leave early; what is left is still there for the next tick
    claimed.extend(row.message_id for row in outbox(world).claim(world.now, 100))
    assert len(claimed) == len(set(claimed)) == 60


def test_a_text_is_sent_and_the_receipt_recorded(world: World) -> None:
    queue(world, world.patient(), "a")
    assert world.tick().accepted == 1
    message = only(world)
    assert (message.status, message.attempt, message.segments) == ("accepted", 1, 1)
    assert message.provider_sid
    assert world.sent() == ["Text a"]


def test_our_id_and_attempt_are_in_the_callbacks_address(world: World) -> None:
    queue(world, world.patient(), "a")
    world.tick()
    message = only(world)
    expected = f"http://127.0.0.1:8000/webhooks/twilio/status/{message.id}?attempt=1"
    assert world.gateway.sent[0].status_url == expected


def test_a_text_of_unknown_fate_is_not_sent_again(world: World) -> None:
    queue(world, world.patient(), "a")
    world.gateway.fail_next(UnknownOutcome("no answer"))
    world.tick()
    world.advance(hours=1).tick()
    assert only(world).status == "unknown"
    assert len(world.sent()) == 1


def test_a_callback_settles_a_text_of_unknown_fate(world: World) -> None:
    queue(world, world.patient(), "a")
    world.gateway.fail_next(UnknownOutcome("no answer"))
    world.tick()
    world.report(only(world), "delivered")
    assert only(world).status == "delivered"


def test_unknown_until_it_is_too_late_is_failed_with_the_reason(world: World) -> None:
    queue(world, world.patient(), "a")
    world.gateway.fail_next(UnknownOutcome("no answer"))
    world.tick()
    world.advance(days=2).tick()
    message = only(world)
    assert message.status == "failed"
    assert "never confirmed" in message.why


def test_a_temporary_refusal_is_tried_again_with_the_same_words(world: World) -> None:
    queue(world, world.patient(), "a")
    world.gateway.fail_next(TransientSendError("too many requests", code=20429))
    world.tick()
    assert only(world).status == "scheduled"
    world.advance(hours=1).tick()
    assert (only(world).status, only(world).attempt) == ("accepted", 2)
    assert world.sent() == ["Text a"]


def test_a_final_refusal_is_not_tried_again(world: World) -> None:
    queue(world, world.patient(), "a")
    world.gateway.fail_next(PermanentSendError("too long", code=21617))
    world.tick()
    world.advance(hours=1).tick()
    assert (only(world).status, only(world).error_code) == ("failed", 21617)
    assert world.sent() == []


def test_a_worker_that_dies_while_sending_leaves_it_unknown(world: World) -> None:
    queue(world, world.patient(), "a")
    outbox(world).claim(world.now, 1)  # and it is killed here
    with transaction(world.engine) as session:
        assert expire_leases(session, now=world.now + timedelta(seconds=59)) == 0
        assert expire_leases(session, now=world.now + timedelta(seconds=60)) == 1
    assert only(world).status == "unknown"


@pytest.mark.parametrize("late", ["queued", "sending", "sent", "undelivered", "failed", "delivered"])
def test_a_late_report_never_lowers_a_status(world: World, late: str) -> None:
    queue(world, world.patient(), "a")
    world.tick()
    world.report(only(world), "delivered")
    assert not world.report(only(world), late)
    assert only(world).status == "delivered"


def test_a_report_before_our_own_record_wins(world: World) -> None:
    queue(world, world.patient(), "a")
    box = outbox(world)
    box.claim(world.now, 1)
    world.report(only(world), "delivered")
    with transaction(world.engine) as session:
        assert expire_leases(session, now=world.now + LEASE) == 0
    assert only(world).status == "delivered"


def test_a_report_with_a_word_we_do_not_know_changes_nothing(world: World) -> None:
    queue(world, world.patient(), "a")
    world.tick()
    assert not world.report(only(world), "teleported")


def test_an_expired_text_in_the_providers_queue_is_expired(world: World) -> None:
    queue(world, world.patient(), "a")
    world.tick()
    world.report(only(world), "failed", code=30036)
    assert only(world).status == "expired"


def test_a_text_too_late_to_be_useful_is_not_sent(world: World) -> None:
    queue(world, world.patient(), "a", expires_at=world.now + timedelta(minutes=5))
    world.advance(minutes=6).tick()
    assert only(world).status == "expired"
    assert world.sent() == []


def test_at_night_a_text_waits_for_the_patients_morning(world: World) -> None:
    patient = world.patient(timezone="America/New_York", phone="+12025550123")
    world.at(2026, 11, 24, 4, 0)  # 23:00 in New York
    queue(world, patient, "a")
    world.tick()
    message = only(world)
    assert message.status == "scheduled"
    assert message.due_at.isoformat() == "2026-11-24T14:00:00+00:00"
    assert message.attempt == 0
    assert message.why == "moved to 09:00: quiet hours America/New_York"


def test_a_safety_text_does_not_wait_for_the_morning(world: World) -> None:
    patient = world.patient()
    world.at(2026, 11, 23, 21, 0)  # midnight in Istanbul
    queue(world, patient, "a", ignores_quiet_hours=True)
    assert world.tick().accepted == 1


@pytest.mark.parametrize("consent", [True, False])
def test_without_consent_nothing_is_sent(world: World, consent: bool) -> None:
    queue(world, world.patient(consent=consent), "a")
    world.tick()
    assert len(world.sent()) == int(consent)
    if not consent:
        assert only(world).why == "not sent: no consent to texts is on record"


def test_a_clinic_that_switched_sending_off_keeps_its_texts(world: World) -> None:
    queue(world, world.patient(), "a")
    with transaction(world.engine, world.nurse.clinic_id) as session:
        switch_sending(session, world.nurse, enabled=False, now=world.now)
    assert world.tick().claimed == 0
    with transaction(world.engine, world.nurse.clinic_id) as session:
        switch_sending(session, world.nurse, enabled=True, now=world.now)
    assert world.tick().accepted == 1


def test_a_poisoned_row_is_set_aside_and_the_others_go(world: World) -> None:
    patient = world.patient()
    queue(world, patient, "bad", body=None, template="no_such_template")
    queue(world, patient, "good")
    world.tick()
    statuses = {message.identity: message.status for message in world.messages()}
    assert statuses == {"bad": "failed", "good": "accepted"}


def test_cancelling_leaves_what_a_worker_holds_to_it(world: World) -> None:
    plan = world.enrol().care_plan
    outbox(world).claim(world.now, 100)
    with transaction(world.engine) as session:
        cancel(session, "no longer wanted", now=world.now, care_plan_id=plan.id)
    left = {message.status for message in world.messages()}
    assert left == {"sending", "cancelled"}


def test_cancelling_needs_to_be_told_whose(world: World) -> None:
    with transaction(world.engine) as session, pytest.raises(ValueError, match="plan"):
        cancel(session, "everything?", now=world.now)


def test_every_move_leaves_a_reason_in_words(world: World) -> None:
    queue(world, world.patient(), "a")
    world.tick()
    world.report(only(world), "sent")
    world.report(only(world), "delivered")
    lines = sorted(world.rows(MessageEvent), key=lambda line: list(TRANSITIONS).index(line.status))
    assert [(line.status, line.why) for line in lines] == [
        ("accepted", "handed to the provider"),
        ("sent", "on its way"),
        ("delivered", "delivered to the phone"),
    ]


def test_every_status_reaches_a_final_one() -> None:
    for status in TRANSITIONS:
        reached, frontier = {status}, {status}
        while frontier:
            frontier = {target for source in frontier for target in TRANSITIONS[source]} - reached
            reached |= frontier
        assert reached & FINAL


def test_a_worker_that_was_frozen_past_its_lease_sends_nothing(world: World) -> None:
    queue(world, world.patient(), "a")
    with Dispatcher(
        outbox(world),
        world.gateway,
        status_url=lambda message_id, attempt: f"http://127.0.0.1/{message_id}/{attempt}",
        clock=lambda: world.now + LEASE,  # the process slept between its claim and the send
        jitter=lambda: 0.5,
    ) as frozen:
        frozen.tick(world.now)
    assert world.sent() == []
    message = only(world)
    assert (message.status, message.attempt) == ("scheduled", 0)
    world.advance(minutes=10).tick()
    assert world.sent() == ["Text a"]
