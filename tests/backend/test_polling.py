"""Texts whose delivery report never came: asked about by their id, until it is known or long enough."""

from datetime import timedelta

import pytest

from backend import jobs
from backend.models import MessageEvent, OutboundMessage
from backend.outbox import PollCounts
from notifications.gateway import PermanentSendError, TransientSendError
from tests.world import World


@pytest.fixture
def sid(world: World) -> str:
    """The provider's id of a welcome that it took and never reported on."""
    world.enrol()
    world.tick()
    return welcome(world).provider_sid or ""


def welcome(world: World) -> OutboundMessage:
    """Return the welcome as it stands."""
    (message,) = world.messages(template="welcome")
    return message


def poll(world: World) -> PollCounts:
    """Ask the provider once about what is overdue."""
    with jobs.make_poller(world.engine, world.settings, world.gateway) as poller:
        return poller.tick(world.now)


def last_line(world: World) -> str:
    """Return the newest line of the welcome's why-log."""
    lines = world.rows(MessageEvent, MessageEvent.message_id == welcome(world).id)
    newest: MessageEvent = max(lines, key=lambda line: line.at)
    return newest.why


def test_a_text_that_was_delivered_without_a_report_is_learnt_of(world: World, sid: str) -> None:
    world.gateway.settle(sid, "delivered")
    assert poll(world.advance(hours=1)).moved == 1
    assert (welcome(world).status, welcome(world).ask_at) == ("delivered", None)
    assert last_line(world) == "delivered to the phone: the provider was asked"


def test_a_text_that_was_lost_without_a_report_is_told_to_a_nurse(world: World, sid: str) -> None:
    world.gateway.settle(sid, "undelivered", 30006)
    poll(world.advance(hours=1))
    assert [alert.cause for alert in world.alerts()] == ["unreachable"]


def test_a_report_has_an_hour_to_come_by_itself(world: World, sid: str) -> None:
    world.gateway.settle(sid, "delivered")
    assert poll(world.advance(minutes=59)) == PollCounts()


def test_a_text_that_has_not_moved_is_asked_about_later(world: World, sid: str) -> None:
    assert poll(world.advance(hours=4)).unchanged == 1
    assert welcome(world).ask_at == world.now + timedelta(hours=2)


def test_a_text_halfway_is_asked_about_again(world: World, sid: str) -> None:
    world.gateway.settle(sid, "sent")
    poll(world.advance(hours=1))
    assert (welcome(world).status, welcome(world).ask_at) == ("sent", world.now + timedelta(hours=1))


def test_after_two_days_it_is_let_be_with_the_providers_last_word(world: World, sid: str) -> None:
    world.gateway.settle(sid, "sent")
    poll(world.advance(hours=1))
    assert poll(world.advance(hours=48)).given_up == 1
    assert (welcome(world).status, welcome(world).ask_at) == ("sent", None)
    assert last_line(world) == "no delivery report ever came; the provider last said: sent"
    assert welcome(world).why == last_line(world)


def test_a_text_the_provider_no_longer_knows_is_let_be(world: World, sid: str) -> None:
    world.gateway.forget(sid)
    assert poll(world.advance(hours=1)).given_up == 1
    assert last_line(world) == "no delivery report ever came, and the provider no longer knows the text"


def test_a_provider_that_does_not_answer_is_asked_again_soon(world: World, sid: str) -> None:
    world.gateway.settle(sid, "delivered")
    world.gateway.fail_next_question(TransientSendError("later"))
    assert poll(world.advance(hours=1)).asked_in_vain == 1
    assert poll(world.advance(seconds=15)).moved == 1


def test_a_provider_that_refuses_to_say_is_asked_ever_more_seldom(world: World, sid: str) -> None:
    world.gateway.fail_next_question(PermanentSendError("no", code=401))
    assert poll(world.advance(hours=4)).unchanged == 1
    assert welcome(world).ask_at == world.now + timedelta(hours=2)


def test_a_report_that_comes_while_the_provider_is_asked_is_not_undone(world: World, sid: str) -> None:
    def deliver(_sid: str) -> None:
        world.report(welcome(world), "delivered")

    world.gateway.meanwhile(deliver)
    poll(world.advance(hours=1))
    assert (welcome(world).status, welcome(world).ask_at) == ("delivered", None)


def test_a_round_ends_and_the_next_goes_on(world: World) -> None:
    with jobs.make_poller(world.engine, world.settings, world.gateway) as poller:
        poller.stop()
        assert poller.tick(world.now) == PollCounts()
