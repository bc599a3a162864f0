"""A clinic's daily limit: set within reason, on record, and an alarm on the day it is reached."""

from datetime import timedelta

import pytest

from backend.db import transaction
from backend.errors import Invalid
from backend.models import AuditEvent, Clinic, ClinicDay
from backend.queries.alarms import open_alarms
from backend.services.limits import MOST, limit_texts, watch_limits
from tests.world import World


def limit(world: World, most: int | None) -> None:
    with transaction(world.engine, world.nurse.clinic_id) as session:
        limit_texts(session, world.nurse, limit=most, now=world.now)


def watch(world: World) -> list[str]:
    """Watch once, and return the causes that stand."""
    with transaction(world.engine) as session:
        watch_limits(session, now=world.now)
        return [alarm.cause for alarm in open_alarms(session)]


def reach(world: World, texts: int) -> None:
    with transaction(world.engine) as session:
        session.add(ClinicDay(clinic_id=world.nurse.clinic_id, day_on=world.now.date(), texts=texts))


@pytest.mark.parametrize("most", [1, MOST, None])
def test_a_limit_within_reason_is_kept_and_on_record(world: World, most: int | None) -> None:
    limit(world, most)
    (clinic,) = world.rows(Clinic)
    assert clinic.daily_text_limit == most
    (line,) = world.rows(AuditEvent, AuditEvent.action == "limit_texts")
    assert line.detail == {"limit": most}


@pytest.mark.parametrize("most", [0, -1, MOST + 1])
def test_a_limit_beyond_reason_is_refused(world: World, most: int) -> None:
    with pytest.raises(Invalid, match="from 1 to 100000"):
        limit(world, most)


def test_a_limit_that_is_reached_is_an_alarm_until_the_next_day(world: World) -> None:
    limit(world, 3)
    reach(world, 3)
    assert watch(world) == [f"daily_limit/{world.nurse.clinic_id}"]
    world.now += timedelta(days=1)
    assert watch(world) == []


def test_raising_the_limit_ends_the_alarm(world: World) -> None:
    limit(world, 3)
    reach(world, 3)
    watch(world)
    limit(world, 4)
    assert watch(world) == []


def test_an_alarm_that_stands_is_not_counted_again_each_round(world: World) -> None:
    limit(world, 3)
    reach(world, 3)
    watch(world)
    watch(world)
    with transaction(world.engine) as session:
        (alarm,) = open_alarms(session)
    assert alarm.times == 1


def test_a_clinic_without_a_limit_raises_none(world: World) -> None:
    reach(world, 1000)
    assert watch(world) == []


def test_the_worker_looks_for_it(world: World) -> None:
    limit(world, 1)
    reach(world, 1)
    world.tick()
    with transaction(world.engine) as session:
        assert [alarm.kind for alarm in open_alarms(session)] == ["daily_limit"]
