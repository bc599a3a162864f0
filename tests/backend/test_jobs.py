"""The periodic jobs as the worker runs them: they stop between batches, and leave a sign of life."""

import threading
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from backend.db import transaction
from backend.jobs import JOBS, beat
from backend.jobs.rounds import WatchCounts
from backend.models import InboundMessage, WorkerHeartbeat
from backend.services.inbound import store_inbound
from notifications.gateway import InboundText
from tests.world import CLINIC_NUMBER, PHONE, World


def told_to_stop_after(batches: int) -> Callable[[], bool]:
    """Return a stop that comes once so many batches were begun."""
    looks: Iterator[bool] = (look >= batches for look in range(1000))
    return lambda: next(looks)


def test_watching_the_courses_stops_before_its_next_batch(world: World) -> None:
    world.enrol()
    world.advance(days=40)
    assert JOBS["watch_courses"](world.engine, world.now, told_to_stop_after(0)) == WatchCounts(0, 0)


def test_understanding_texts_stops_between_texts(world: World) -> None:
    for number in range(3):
        with transaction(world.engine) as session:
            store_inbound(session, InboundText(f"SM{number}", PHONE, CLINIC_NUMBER, "7"), now=world.now)
    JOBS["handle_inbound_texts"](world.engine, world.now, told_to_stop_after(1))
    assert len(world.rows(InboundMessage, InboundMessage.status == "received")) == 2


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_that_is_told_to_stop_begins_nothing(world: World, name: str) -> None:
    world.enrol()
    before = world.messages()
    JOBS[name](world.engine, world.advance(days=2).now, lambda: True)
    assert [message.status for message in world.messages()] == [message.status for message in before]


def heart(world: World) -> WorkerHeartbeat:
    """Return the one worker's signs of life."""
    row: WorkerHeartbeat
    (row,) = world.rows(WorkerHeartbeat)
    return row


def test_the_first_signs_of_life_may_come_at_once(world: World) -> None:
    start = threading.Barrier(4)
    trouble: list[Exception] = []

    def race(failure: str | None) -> None:
        start.wait(timeout=10)
        try:
            beat(world.engine, "w", tick_seconds=5, failure=failure, now=world.now)
        except Exception as error:
            trouble.append(error)

    racers = [threading.Thread(target=race, args=(failure,)) for failure in (None, None, "a job", "a job")]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=60)
    assert trouble == []
    assert heart(world).failures == 2


def test_a_failing_job_is_no_sign_of_life(client: FlaskClient, world: World) -> None:
    beat(world.engine, "w", tick_seconds=5, now=world.now)
    world.advance(seconds=16)
    beat(world.engine, "w", tick_seconds=5, failure="keep_check_ins: ValueError", now=world.now)
    assert client.get("/readyz").get_json()["reasons"] == ["the worker has been silent for 16 s"]


def test_a_sign_of_life_keeps_the_failures_that_were_counted(world: World) -> None:
    beat(world.engine, "w", tick_seconds=5, failure="keep_check_ins: ValueError", now=world.now)
    beat(world.engine, "w", tick_seconds=5, now=world.advance(seconds=5).now)
    assert (heart(world).failures, heart(world).last_failure) == (1, "keep_check_ins: ValueError")
    assert heart(world).beat_at == world.now
