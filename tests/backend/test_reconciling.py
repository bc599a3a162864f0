"""Texts of unknown outcome: found at the provider, proven absent and sent once more, or left alone."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from backend.db import transaction
from backend.jobs import JOBS, make_reconciler
from backend.models import MessageEvent, OutboundMessage, Patient
from backend.outbox import (
    NewMessage,
    ReconcileCounts,
    Senders,
    SqlOutbox,
    enqueue,
    expire_leases,
)
from backend.outbox.asking import absent_after
from backend.outbox.evidence import Attempt
from backend.outbox.settling import adopt, read_attempt, send_again
from backend.outbox.turns import take_turns
from backend.services.alarms import tell_operators
from backend.services.delivery import draw_conclusions
from backend.services.patients import update_patient
from backend.worker import SLOWER
from notifications.compose import compose
from notifications.dispatch import Claimed
from notifications.gateway import (
    OutgoingText,
    PermanentSendError,
    ProviderMessage,
    TransientSendError,
    UnknownOutcome,
)
from notifications.phone import PhoneNumber
from tests.world import CLINIC_NUMBER, OTHER_PHONE, PHONE, World

LEASE = timedelta(seconds=60)
WORDS = "How are you?"
FIRST_SID = f"SM{1:032x}"


def queue(world: World, patient: Patient, identity: str, **changes: Any) -> None:
    """Put a text of a nurse's own words in the outbox, due now."""
    given: dict[str, Any] = {
        "identity": identity,
        "patient_id": patient.id,
        "purpose": "written",
        "body": WORDS,
        "due_at": world.now,
        "expires_at": world.now + timedelta(hours=8),
        "ignores_quiet_hours": True,
    } | changes
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, [NewMessage(**given)], now=world.now)


def only(world: World) -> OutboundMessage:
    """Return the one message there is."""
    (message,) = world.messages()
    return message


def statuses(world: World) -> dict[str, str]:
    """Return how far each message has come, by its identity."""
    return {message.identity: message.status for message in world.messages()}


def sids(world: World) -> dict[str, str | None]:
    """Return which of the provider's texts each message is, by its identity."""
    return {message.identity: message.provider_sid for message in world.messages()}


def lose_the_reply(world: World, patient: Patient, identity: str = "a", **changes: Any) -> None:
    """Let the provider take a text, and its receipt never come."""
    queue(world, patient, identity, **changes)
    world.gateway.fail_next(UnknownOutcome("no answer"))
    world.tick()


def lose_the_request(world: World, patient: Patient, identity: str = "a", **changes: Any) -> None:
    """Let a text not reach the provider, without our knowing it."""
    queue(world, patient, identity, **changes)
    world.gateway.drop_next()
    world.tick()


def kill_a_worker(world: World, patient: Patient, *, after_sending: bool) -> None:
    """Let a worker die with a text from a template in its hands, and its lease run out."""
    queue(world, patient, "a", body=None, template="safety", purpose="safety")
    (claimed,) = a_worker(world).claim(world.now, 10)
    if after_sending:
        asyncio.run(world.gateway.send(words_of(claimed)))
    with transaction(world.engine) as session:
        expire_leases(session, now=world.now + LEASE)


def a_worker(world: World) -> SqlOutbox:
    """Return the outbox as one worker has it."""
    senders = Senders(CLINIC_NUMBER, lambda _sender: None, lambda: 1.0, tell_operators)
    return SqlOutbox(world.engine, LEASE, draw_conclusions, senders)


def words_of(claimed: Claimed) -> OutgoingText:
    """Compose a claimed text as the dispatcher does."""
    body = compose(claimed.template, claimed.language, claimed.facts).body
    return OutgoingText(claimed.message_id, claimed.attempt, PhoneNumber.parse(claimed.to), body, "")


def test_a_text_whose_reply_was_lost_is_taken_as_ours_and_not_sent_twice(world: World) -> None:
    lose_the_reply(world, world.patient())
    assert world.advance(minutes=1).reconcile().found == 1
    world.advance(hours=1).tick()
    message = only(world)
    assert (message.status, message.attempt, message.provider_sid) == ("accepted", 1, FIRST_SID)
    assert (message.segments, message.sent_at) == (1, message.attempted_at)
    assert world.sent() == [WORDS]


def test_a_found_text_gets_the_status_it_has_at_the_provider(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.gateway.settle(FIRST_SID, "undelivered", 30005)
    world.advance(minutes=1).reconcile()
    assert (only(world).status, only(world).error_code) == ("undelivered", 30005)


def test_what_a_found_text_means_for_the_patient_is_drawn_at_once(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.gateway.settle(FIRST_SID, "undelivered", 30005)
    world.advance(minutes=1).reconcile()
    (patient,) = world.rows(Patient)
    assert patient.phone_unreachable_since == world.now


def test_a_found_text_says_how_it_was_found(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.advance(minutes=1).reconcile()
    assert only(world).why == "the provider has it: found in its list"


def test_a_callback_has_time_to_come_before_the_provider_is_asked(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.advance(seconds=29).reconcile()
    assert only(world).status == "unknown"


def test_a_late_callback_lifts_what_was_found(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.advance(minutes=1).reconcile()
    world.report(only(world), "delivered")
    assert only(world).status == "delivered"


def test_what_is_found_late_never_lowers_a_callback(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.report(only(world), "delivered")
    assert world.advance(minutes=1).reconcile().found == 0
    assert only(world).status == "delivered"


def test_a_text_that_never_left_is_sent_once_more(world: World) -> None:
    lose_the_request(world, world.patient())
    assert world.advance(minutes=5).reconcile().absent == 1
    world.tick()
    assert (only(world).status, only(world).attempt) == ("accepted", 2)
    assert world.sent() == [WORDS]


def test_a_text_that_never_left_keeps_its_place_before_a_backlog(world: World) -> None:
    patient = world.patient()
    lose_the_request(world, patient)
    world.advance(minutes=1)
    for number in range(3):
        queue(world, patient, f"later {number}")
    world.advance(minutes=1).reconcile()
    (first,) = a_worker(world).claim(world.now, 1)
    assert first.attempt == 2


def test_a_text_that_never_left_says_so(world: World) -> None:
    lose_the_request(world, world.patient())
    world.advance(minutes=5).reconcile()
    lines = [line.why for line in world.rows(MessageEvent) if line.status == "scheduled"]
    assert lines == ["the provider does not know it, so it never left: to be sent again"]


def test_a_missing_text_is_left_until_the_provider_must_know_it(world: World) -> None:
    lose_the_request(world, world.patient())
    assert world.advance(seconds=89).reconcile().undecided == 1
    assert only(world).status == "unknown"


def test_a_missing_text_is_asked_about_the_moment_its_absence_can_be_proven(world: World) -> None:
    lose_the_request(world, world.patient())
    world.advance(seconds=85).reconcile()
    assert world.advance(seconds=5).reconcile().absent == 1


def test_a_text_is_not_asked_about_again_before_its_time(world: World) -> None:
    lose_the_request(world, world.patient())
    world.advance(seconds=30).reconcile()
    assert world.advance(seconds=9).reconcile() == ReconcileCounts()
    assert world.advance(seconds=1).reconcile().undecided == 1


def test_a_text_that_stays_undecided_is_asked_about_ever_more_seldom(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.gateway.forget_words()
    world.advance(hours=2).reconcile()
    assert only(world).ask_at == world.now + timedelta(minutes=30)


def test_a_settled_text_is_left_alone_until_its_report_is_overdue(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.advance(minutes=1).reconcile()
    assert only(world).ask_at == world.now + timedelta(hours=1)


def test_a_text_that_goes_once_more_is_not_asked_about_meanwhile(world: World) -> None:
    lose_the_request(world, world.patient())
    world.advance(minutes=5).reconcile()
    assert only(world).ask_at is None


def test_what_another_worker_is_asking_about_is_not_asked_twice(world: World) -> None:
    lose_the_request(world, world.patient())
    world.advance(minutes=5)
    with transaction(world.engine) as session:
        due = (OutboundMessage.ask_at <= world.now, OutboundMessage.status == "unknown")
        assert len(take_turns(session, *due, now=world.now, most=10)) == 1
    assert world.reconcile() == ReconcileCounts()


def test_what_a_worker_died_over_while_asking_is_asked_by_another(world: World) -> None:
    lose_the_request(world, world.patient())
    world.advance(minutes=5)
    with transaction(world.engine) as session:
        take_turns(session, OutboundMessage.status == "unknown", now=world.now, most=10)
    assert world.advance(seconds=15).reconcile().absent == 1


def test_a_killed_workers_texts_are_on_their_way_again_within_two_minutes(world: World) -> None:
    """With each job's beat as late as it can be: the lease, five seconds, ten, ten …, five, and the tick."""
    killed_at = world.now
    queue(world, world.patient(), "a")
    a_worker(world).claim(world.now, 10)
    world.advance(seconds=64.9)
    JOBS["recover_sends"](world.engine, world.now)
    while only(world).status == "unknown":
        world.advance(seconds=SLOWER["reconcile_unknown"].total_seconds()).reconcile()
    world.advance(seconds=world.settings.worker_tick_seconds).tick()
    assert only(world).status == "accepted"
    assert world.now - killed_at < timedelta(seconds=110)


def test_a_list_that_was_cut_off_proves_no_absence(world: World) -> None:
    patient = world.patient()
    lose_the_request(world, patient)
    queue(world, patient, "b", body="Something else")
    world.tick()
    world.advance(minutes=10)
    world.gateway._longest_list = 0
    assert world.reconcile().undecided == 1
    assert statuses(world)["a"] == "unknown"


def test_a_text_too_late_to_be_useful_is_not_sent_again(world: World) -> None:
    lose_the_request(world, world.patient(), expires_at=world.now + timedelta(minutes=4))
    assert world.advance(minutes=5).reconcile().absent == 0
    world.tick()
    assert only(world).status == "failed"
    assert "too late" in only(world).why


def test_a_text_too_late_to_be_useful_is_not_asked_about(world: World) -> None:
    lose_the_request(world, world.patient(), expires_at=world.now + timedelta(minutes=4))
    world.gateway.fail_next_question(TransientSendError("later"))
    assert world.advance(minutes=5).reconcile().asked_in_vain == 0


def test_a_text_tried_twelve_times_is_not_sent_again(world: World) -> None:
    lose_the_request(world, world.patient())
    with transaction(world.engine) as session:
        session.get_one(OutboundMessage, only(world).id).attempt = 12
    assert world.advance(minutes=5).reconcile().undecided == 1
    assert only(world).status == "unknown"


def test_a_status_in_a_word_we_do_not_know_is_asked_for_again(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.gateway.settle(FIRST_SID, "teleported")
    world.advance(minutes=1).reconcile()
    world.gateway.settle(FIRST_SID, "delivered")
    assert world.advance(minutes=1).reconcile().found == 1
    assert only(world).status == "delivered"


def test_of_two_identical_texts_one_of_which_left_none_is_mistaken_for_the_other(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient, "a")
    lose_the_request(world, patient, "b")
    assert world.advance(minutes=10).reconcile().undecided == 2
    assert statuses(world) == {"a": "unknown", "b": "unknown"}


def test_two_identical_texts_that_both_left_are_both_found(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient, "a")
    world.advance(seconds=1)
    lose_the_reply(world, patient, "b")
    assert world.advance(minutes=1).reconcile().found == 2
    assert sids(world) == {"a": FIRST_SID, "b": f"SM{2:032x}"}


def test_of_two_identical_texts_neither_of_which_left_both_go_once_more(world: World) -> None:
    patient = world.patient()
    lose_the_request(world, patient, "a")
    lose_the_request(world, patient, "b")
    assert world.advance(minutes=5).reconcile().absent == 2
    assert statuses(world) == {"a": "scheduled", "b": "scheduled"}


def test_identical_texts_of_two_patients_at_one_phone_are_not_shared_out(world: World) -> None:
    one, namesake = world.patient(), world.patient()
    lose_the_reply(world, one, "a")
    lose_the_reply(world, namesake, "b")
    assert world.advance(minutes=5).reconcile().undecided == 2


def test_texts_of_two_patients_at_one_phone_are_told_apart_by_their_names(world: World) -> None:
    one, other = world.patient(), world.patient(given_name="Deniz")
    lose_the_reply(world, one, "a")
    lose_the_reply(world, other, "b")
    assert world.advance(minutes=5).reconcile().found == 2
    assert sids(world) == {"a": FIRST_SID, "b": f"SM{2:032x}"}


def test_a_text_is_found_in_the_words_it_left_in_though_others_have_the_phone_now(world: World) -> None:
    lose_the_reply(world, world.patient(), "a")
    world.patient(given_name="Deniz")
    assert world.advance(minutes=5).reconcile().found == 1


def test_identical_texts_for_different_ends_are_not_shared_out(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient, "a")
    lose_the_reply(world, patient, "b", purpose="safety")
    assert world.advance(minutes=5).reconcile().undecided == 2


def test_an_identical_text_still_in_a_workers_hands_keeps_both_open(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient, "a")
    asyncio.run(world.gateway.send(OutgoingText("b", 1, PhoneNumber.parse(PHONE), WORDS, "")))
    queue(world, patient, "b")
    a_worker(world).claim(world.now, 10)
    assert world.advance(seconds=40).reconcile().undecided == 1


def test_a_refused_text_in_the_same_words_is_no_rival(world: World) -> None:
    patient = world.patient()
    queue(world, patient, "refused")
    world.gateway.fail_next(PermanentSendError("no", code=30007))
    world.tick()
    lose_the_reply(world, patient, "a")
    assert world.advance(minutes=1).reconcile().found == 1


def test_a_text_that_belongs_to_another_message_is_not_taken_twice(world: World) -> None:
    patient = world.patient()
    queue(world, patient, "a")
    world.tick()
    lose_the_request(world, patient, "b")
    assert world.advance(minutes=5).reconcile().absent == 1
    assert statuses(world) == {"a": "accepted", "b": "scheduled"}


def test_two_texts_in_different_words_are_each_found(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient, "a")
    lose_the_reply(world, patient, "b", body="Something else")
    assert world.advance(minutes=1).reconcile().found == 2
    assert sids(world) == {"a": FIRST_SID, "b": f"SM{2:032x}"}


def test_a_text_whose_words_were_emptied_at_the_provider_may_be_ours(world: World) -> None:
    lose_the_reply(world, world.patient())
    world.gateway.forget_words()
    assert world.advance(minutes=10).reconcile().undecided == 1
    assert only(world).status == "unknown"


def test_what_a_dead_worker_had_sent_is_recognised_by_its_words(world: World) -> None:
    kill_a_worker(world, world.patient(), after_sending=True)
    assert world.advance(minutes=2).reconcile().found == 1
    assert (only(world).status, only(world).body) == ("accepted", world.sent()[0])
    assert only(world).segments


def test_what_a_dead_worker_had_not_sent_is_sent_once_more(world: World) -> None:
    kill_a_worker(world, world.patient(), after_sending=False)
    assert world.advance(minutes=5).reconcile().absent == 1
    world.tick()
    assert len(world.sent()) == 1


def test_a_text_taken_from_its_worker_after_a_jump_of_the_clock_still_has_time_to_show_up(
    world: World,
) -> None:
    """The worker's request may be under way, however old its claim looks by now."""
    queue(world, world.patient(), "a")
    a_worker(world).claim(world.now, 10)
    world.advance(hours=1)
    JOBS["recover_sends"](world.engine, world.now)
    assert world.advance(seconds=29).reconcile().undecided == 1
    assert world.advance(seconds=1).reconcile().absent == 1


def test_other_words_may_have_been_a_dead_workers(world: World) -> None:
    patient = world.patient()
    kill_a_worker(world, patient, after_sending=False)
    stranger = OutgoingText("elsewhere", 1, PhoneNumber.parse(patient.phone), "By another system", "")
    asyncio.run(world.gateway.send(stranger))
    assert world.advance(minutes=10).reconcile().undecided == 1


def test_a_number_that_changed_since_proves_no_absence(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient)
    world.advance(minutes=5)
    with transaction(world.engine, patient.clinic_id) as session:
        theirs = session.get_one(Patient, patient.id)
        update_patient(session, world.nurse, theirs, {"phone": OTHER_PHONE}, now=world.now)
    assert world.advance(minutes=5).reconcile().undecided == 1
    assert only(world).status == "unknown"


@pytest.mark.parametrize("error", [TransientSendError("later"), PermanentSendError("no", code=401)])
def test_a_provider_that_does_not_answer_changes_nothing(
    world: World, error: TransientSendError | PermanentSendError
) -> None:
    lose_the_request(world, world.patient())
    world.gateway.fail_next_question(error)
    assert world.advance(minutes=10).reconcile().asked_in_vain == 1
    assert (only(world).status, only(world).attempt) == ("unknown", 1)


def test_a_phone_the_provider_refuses_to_speak_of_holds_up_no_other(world: World) -> None:
    lose_the_request(world, world.patient(), "a")
    lose_the_request(world, world.patient(phone=OTHER_PHONE), "b")
    world.gateway.fail_next_question(PermanentSendError("no", code=401))
    counts = world.advance(minutes=10).reconcile()
    assert (counts.asked_in_vain, counts.absent) == (1, 1)


def test_a_provider_that_was_down_is_asked_again_soon(world: World) -> None:
    lose_the_request(world, world.patient())
    world.gateway.fail_next_question(TransientSendError("later"))
    world.advance(hours=2).reconcile()
    assert world.advance(seconds=3).reconcile().absent == 1


def test_a_reconciler_told_to_stop_asks_no_more(world: World) -> None:
    lose_the_request(world, world.patient())
    world.advance(minutes=10)
    with make_reconciler(world.engine, world.settings, world.gateway) as reconciler:
        reconciler.stop()
        assert reconciler.tick(world.now) == ReconcileCounts()


def open_attempt(world: World, identity: str) -> Attempt:
    """Read a message of unknown outcome as a worker does after the list came."""
    (message,) = world.messages(identity=identity)
    with transaction(world.engine) as session:
        attempt = read_attempt(
            session,
            message.id,
            message.attempt,
            PhoneNumber.parse(PHONE),
            absent_after=absent_after(LEASE),
        )
    assert attempt is not None
    return attempt


def in_the_list(world: World, sid: str) -> ProviderMessage:
    """Return a line of the provider's list."""
    to = PhoneNumber.parse(PHONE)
    listing = asyncio.run(world.gateway.find(to=to, since=world.now - timedelta(days=1), until=world.now))
    (message,) = (message for message in listing.messages if message.provider_sid == sid)
    return message


def test_a_callback_that_comes_while_the_provider_is_asked_is_not_undone(world: World) -> None:
    lose_the_reply(world, world.patient())
    attempt = open_attempt(world, "a")
    world.report(only(world), "delivered")
    with transaction(world.engine) as session:
        assert not adopt(session, attempt, in_the_list(world, FIRST_SID), now=world.now)
        assert not send_again(session, attempt, now=world.now)
    assert only(world).status == "delivered"


def test_a_text_another_message_has_just_taken_is_not_taken_again(world: World) -> None:
    patient = world.patient()
    lose_the_request(world, patient, "b")
    attempt = open_attempt(world, "b")
    queue(world, patient, "a")
    world.tick()
    with transaction(world.engine) as session:
        assert not adopt(session, attempt, in_the_list(world, FIRST_SID), now=world.now)
    assert statuses(world) == {"a": "accepted", "b": "unknown"}


def test_workers_that_ask_at_once_settle_a_text_once(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient, "sent")
    lose_the_request(world, patient, "lost", body="Something else")
    world.advance(minutes=5)
    counts = []
    start = threading.Barrier(3)

    def race() -> None:
        start.wait(timeout=10)
        counts.append(world.reconcile())

    racers = [threading.Thread(target=race) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=60)
    assert (sum(count.found for count in counts), sum(count.absent for count in counts)) == (1, 1)
    assert statuses(world) == {"sent": "accepted", "lost": "scheduled"}
