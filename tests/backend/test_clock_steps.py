"""Our clock is wrong, or was stepped: what the provider took is still recognised, and nothing goes twice."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.db import transaction
from backend.models import OutboundMessage, Patient
from backend.outbox import NewMessage, enqueue
from notifications.gateway import UnknownOutcome
from tests.world import World

WORDS = "How are you?"


def queue(world: World, patient: Patient, identity: str) -> None:
    """Put a nurse's own words in the outbox, due now."""
    message = NewMessage(
        identity=identity,
        patient_id=patient.id,
        purpose="written",
        body=WORDS,
        due_at=world.now,
        expires_at=world.now + timedelta(hours=8),
        ignores_quiet_hours=True,
    )
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, [message], now=world.now)


def lose_the_reply(world: World, patient: Patient, identity: str = "a") -> None:
    """Let the provider take a text, and its receipt never come."""
    queue(world, patient, identity)
    world.gateway.fail_next(UnknownOutcome("no answer"))
    world.tick()


def step_the_clock(world: World, by: timedelta) -> None:
    """Let our clock show another time, and the provider's go on as it was."""
    world.now += by
    world.clock_ahead_by += by


@pytest.mark.parametrize("error", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_what_was_taken_while_our_clock_was_wrong_is_found_and_not_sent_again(
    world: World, error: timedelta
) -> None:
    step_the_clock(world, error)
    lose_the_reply(world, world.patient())
    assert world.advance(minutes=2).reconcile().found == 1
    world.advance(hours=1).tick()
    assert world.sent() == [WORDS]


@pytest.mark.parametrize("error", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_a_text_in_flight_while_the_clock_is_set_right_is_found_and_not_sent_again(
    world: World, error: timedelta
) -> None:
    step_the_clock(world, error)
    lose_the_reply(world, world.patient())
    step_the_clock(world, -error)
    world.advance(hours=2).reconcile()
    world.tick()
    assert world.sent() == [WORDS]


def test_what_was_not_taken_while_our_clock_was_wrong_goes_once_more(world: World) -> None:
    step_the_clock(world, timedelta(hours=1))
    queue(world, world.patient(), "a")
    world.gateway.drop_next()
    world.tick()
    assert world.advance(minutes=2).reconcile().absent == 1
    world.tick()
    assert world.sent() == [WORDS]


def test_a_text_of_long_before_that_nobody_owns_is_left_alone_if_it_may_be_anothers(world: World) -> None:
    patient = world.patient()
    lose_the_reply(world, patient, "this morning's")
    world.advance(hours=3)
    queue(world, patient, "this afternoon's")
    world.gateway.drop_next()
    world.tick()
    world.advance(minutes=2)
    with transaction(world.engine) as session:  # this morning's stays open: it is not to be asked about
        session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.identity == "this morning's")
            .values(ask_at=world.now + timedelta(hours=1))
        )
    counts = world.reconcile()
    assert (counts.found, counts.absent, counts.undecided) == (0, 0, 1)


def test_the_same_words_of_an_hour_ago_that_we_know_of_prove_nothing(world: World) -> None:
    patient = world.patient()
    queue(world, patient, "an hour ago")
    world.tick()
    world.advance(hours=1)
    queue(world, patient, "now")
    world.gateway.drop_next()
    world.tick()
    assert world.advance(minutes=2).reconcile().absent == 1
