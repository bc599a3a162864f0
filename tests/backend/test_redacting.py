"""Finished texts are emptied at the provider when the clinic wants that, and only then; ours stay."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from backend import jobs
from backend.config import Settings
from backend.db import transaction
from backend.models import MessageEvent, OutboundMessage
from backend.outbox import RedactCounts, Senders, SqlOutbox
from backend.services.alarms import tell_operators
from backend.services.delivery import draw_conclusions, record_delivery
from notifications.gateway import DeliveryReport, PermanentSendError, TransientSendError
from tests.world import CLINIC_NUMBER, World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A clinic that leaves no words at the provider."""
    return replace(settings, redact_at_provider=True)


def welcome(world: World) -> OutboundMessage:
    """Return the welcome as it stands."""
    (message,) = world.messages(template="welcome")
    return message


def a_sent_text(world: World) -> str:
    """Let a welcome be taken, and return the provider's id."""
    world.enrol()
    world.tick()
    return welcome(world).provider_sid or ""


def a_delivered_text(world: World) -> str:
    """Let a welcome be delivered, and return the provider's id."""
    sid = a_sent_text(world)
    world.gateway.settle(sid, "delivered")
    world.report(welcome(world), "delivered")
    return sid


def redact(world: World) -> RedactCounts:
    """Empty at the provider what is to be emptied."""
    with jobs.make_redactor(world.engine, world.settings, world.gateway) as redactor:
        return redactor.tick(world.now)


def words_at_the_provider(world: World, sid: str) -> str:
    """Return what the provider still shows of a text."""
    message = asyncio.run(world.gateway.fetch(sid))
    assert message is not None
    return message.body


def test_a_finished_text_is_emptied_at_the_provider_and_kept_here(world: World) -> None:
    sid = a_delivered_text(world)
    assert redact(world) == RedactCounts(emptied=1)
    assert words_at_the_provider(world, sid) == ""
    assert welcome(world).body
    assert not welcome(world).redact


def test_an_emptied_text_says_so_in_its_log(world: World) -> None:
    a_delivered_text(world)
    redact(world)
    lines = world.rows(MessageEvent, MessageEvent.message_id == welcome(world).id)
    assert "its words were emptied at the provider" in {line.why for line in lines}


def test_a_text_is_emptied_once(world: World) -> None:
    a_delivered_text(world)
    redact(world)
    assert redact(world.advance(hours=1)) == RedactCounts()


def test_what_a_killed_worker_had_sent_is_emptied_too(world: World) -> None:
    world.enrol()
    senders = Senders(CLINIC_NUMBER, lambda _sender: None, lambda: 1.0, tell_operators)
    lease = timedelta(seconds=60)
    SqlOutbox(world.engine, lease, draw_conclusions, senders, redact=True).claim(world.now, 10)
    with transaction(world.engine) as session:
        delivered = DeliveryReport("SM" + "d" * 32, "delivered")
        record_delivery(session, welcome(world).id, 1, delivered, now=world.now)
    assert redact(world).gone == 1  # asked for, by the id in the callback


def test_a_text_still_under_way_is_left_alone(world: World) -> None:
    sid = a_sent_text(world)
    assert redact(world) == RedactCounts()
    assert words_at_the_provider(world, sid)


def test_a_report_faster_than_our_own_record_leaves_the_text_to_be_emptied(world: World) -> None:
    def deliver(sid: str) -> None:
        world.gateway.settle(sid, "delivered")
        with transaction(world.engine) as session:
            record_delivery(session, welcome(world).id, 1, DeliveryReport(sid, "delivered"), now=world.now)

    world.gateway.meanwhile(deliver)
    world.enrol()
    world.tick()
    assert redact(world).emptied == 1


@pytest.mark.parametrize(
    "error", [TransientSendError("later"), PermanentSendError("not finished", code=20009)]
)
def test_a_text_that_could_not_be_emptied_is_tried_again_later(
    world: World, error: TransientSendError | PermanentSendError
) -> None:
    a_delivered_text(world)
    world.gateway.fail_next_question(error)
    assert redact(world.advance(hours=4)) == RedactCounts(failed=1)
    assert welcome(world).ask_at == world.now + timedelta(hours=1)
    assert redact(world.advance(minutes=59)) == RedactCounts()
    assert redact(world.advance(minutes=1)).emptied == 1


def test_a_text_the_provider_no_longer_has_is_done_with(world: World) -> None:
    world.gateway.forget(a_delivered_text(world))
    assert redact(world).gone == 1
    assert not welcome(world).redact


def test_a_text_that_never_reached_the_provider_has_nothing_to_empty(world: World) -> None:
    world.gateway.fail_next(PermanentSendError("no", code=30007))
    world.enrol()
    world.tick()
    assert redact(world) == RedactCounts()
    assert not welcome(world).redact


def test_without_the_setting_the_provider_keeps_the_words(world: World) -> None:
    world.settings = Settings(database_url=world.settings.database_url)
    world.dispatcher.close()
    world.dispatcher = jobs.make_dispatcher(world.engine, world.settings, lambda: world.now, world.gateway)
    sid = a_delivered_text(world)
    assert redact(world) == RedactCounts()
    assert words_at_the_provider(world, sid)
