"""How long due texts have waited, and what holds them back: only what nobody intended counts as lag."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from backend.db import transaction
from backend.models import Clinic, ClinicDay, Patient, SenderState
from backend.outbox import NewMessage, enqueue
from backend.queries.holding import REASONS, due_ages, limits_reached
from tests.backend.queries.test_statements import counted
from tests.world import CLINIC, World

SENDER = "+15005550006"


def wait(world: World, patient: Patient, seconds: int, *, urgent: bool = False) -> None:
    """Let a text of this patient's have been due for so long."""
    text = NewMessage(
        identity=f"{patient.id}/{seconds}/{urgent}",
        patient_id=patient.id,
        purpose="remind",
        body="Remember.",
        due_at=world.now - timedelta(seconds=seconds),
        expires_at=world.now + timedelta(days=1),
        ignores_quiet_hours=urgent,
    )
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, [text], now=world.now)


def ages(world: World) -> dict[str, float]:
    """What waits, by reason; those where nothing does are left out."""
    with transaction(world.engine) as session:
        found = due_ages(session, now=world.now, sender=SENDER)
    assert tuple(found) == REASONS
    return {reason: age for reason, age in found.items() if age}


def set_clinic(world: World, **columns: object) -> None:
    with transaction(world.engine) as session:
        clinic = session.get_one(Clinic, world.nurse.clinic_id)
        for name, value in columns.items():
            setattr(clinic, name, value)


def set_sender(world: World, **columns: object) -> None:
    with transaction(world.engine) as session:
        session.add(SenderState(sender=SENDER, pause_reason="", faults=0, openings=0, **columns))


def count_today(world: World, texts: int) -> None:
    with transaction(world.engine) as session:
        session.add(ClinicDay(clinic_id=world.nurse.clinic_id, day_on=world.now.date(), texts=texts))


def test_what_nothing_holds_back_is_the_workers(world: World) -> None:
    wait(world, world.patient(), 90)
    assert ages(world) == {"worker": 90}


def test_a_text_that_is_not_due_does_not_wait(world: World) -> None:
    wait(world, world.patient(), -1)
    assert ages(world) == {}


def test_the_oldest_of_all_clinics_counts(world: World) -> None:
    wait(world, world.patient(), 30)
    elsewhere = world.open_clinic(CLINIC)
    wait(world, world.patient(actor=elsewhere), 60)
    assert ages(world) == {"worker": 60}


def test_a_clinic_that_switched_sending_off_is_no_lag(world: World) -> None:
    wait(world, world.patient(), 90)
    set_clinic(world, sending_enabled=False)
    assert ages(world) == {"switched_off": 90}


def test_a_clinic_at_its_daily_limit_is_no_lag(world: World) -> None:
    wait(world, world.patient(), 90)
    set_clinic(world, daily_text_limit=5)
    count_today(world, 5)
    assert ages(world) == {"daily_limit": 90}


def test_a_clinic_below_its_daily_limit_is(world: World) -> None:
    wait(world, world.patient(), 90)
    set_clinic(world, daily_text_limit=5)
    count_today(world, 4)
    assert ages(world) == {"worker": 90}


@pytest.mark.parametrize("columns", [{"sending_enabled": False}, {"daily_text_limit": 1}])
def test_an_urgent_text_is_held_back_by_neither(world: World, columns: dict[str, object]) -> None:
    patient = world.patient()
    wait(world, patient, 90)
    wait(world, patient, 20, urgent=True)
    set_clinic(world, **columns)
    count_today(world, 1)
    assert ages(world)["worker"] == 20


def test_a_sender_that_is_paused_holds_back_even_urgent_texts(world: World) -> None:
    wait(world, world.patient(), 20, urgent=True)
    set_sender(world, paused_until=world.now + timedelta(seconds=1))
    assert ages(world) == {"sender_paused": 20}


def test_a_pause_that_is_over_holds_nothing_back(world: World) -> None:
    wait(world, world.patient(), 20)
    set_sender(world, paused_until=world.now)
    assert ages(world) == {"worker": 20}


def test_a_sender_whose_segments_have_not_left_yet_is_no_lag(world: World) -> None:
    wait(world, world.patient(), 20)
    set_sender(world, free_at=world.now + timedelta(seconds=9))
    assert ages(world) == {"sender_rate": 20}


def test_a_clinic_with_a_sender_of_its_own_is_not_held_back_by_anothers(world: World) -> None:
    wait(world, world.patient(), 20)
    set_clinic(world, sender="+15005550007")
    set_sender(world, paused_until=world.now + timedelta(minutes=1))
    assert ages(world) == {"worker": 20}


def test_yesterdays_count_reaches_no_limit_of_today(world: World) -> None:
    set_clinic(world, daily_text_limit=5)
    count_today(world, 5)
    with transaction(world.engine) as session:
        assert limits_reached(session, now=world.now) == {world.nurse.clinic_id}
        assert limits_reached(session, now=world.now + timedelta(days=1)) == frozenset()


def test_the_clinics_own_midnight_ends_its_day(world: World) -> None:
    set_clinic(world, daily_text_limit=5)
    count_today(world, 5)
    midnight = world.now.replace(hour=21)  # in Istanbul
    with transaction(world.engine) as session:
        assert limits_reached(session, now=midnight - timedelta(seconds=1))
        assert not limits_reached(session, now=midnight)


def test_it_costs_the_same_few_statements_for_many_clinics(world: World, engine: Engine) -> None:
    for _ in range(3):
        wait(world, world.patient(actor=world.open_clinic(CLINIC)), 60)
    with transaction(engine) as session, counted(engine) as seen:
        due_ages(session, now=world.now, sender=SENDER)
    assert len(seen) == 4, "\n".join(seen)
