"""Quiet hours are the patient's, and longer where the clinic asks for it; what concerns safety passes."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import update

from backend.db import transaction
from backend.models import Clinic
from tests.world import World


@pytest.fixture
def short_day(world: World) -> World:
    """The clinic wants texts between 11 and 18 only."""
    with transaction(world.engine) as session:
        session.execute(update(Clinic).values(window_start=time(11), window_end=time(18)))
    return world


def asked(world: World) -> list[str]:
    return [body for body in world.sent() if "how strong" in body.lower()]


@pytest.mark.parametrize(
    ("zone", "eleven"),
    [
        ("Europe/Istanbul", datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 24, 5, 30, tzinfo=UTC)),
    ],
)
def test_a_question_waits_for_the_clinics_hours_on_the_patients_clock(
    short_day: World, zone: str, eleven: datetime
) -> None:
    short_day.enrol(short_day.patient(timezone=zone))
    short_day.run(minutes=2)
    short_day.now = eleven - timedelta(minutes=1)
    short_day.tick()
    assert asked(short_day) == []
    short_day.advance(minutes=1).tick()
    assert len(asked(short_day)) == 1


def test_what_would_come_too_late_in_the_evening_goes_the_next_day(short_day: World) -> None:
    short_day.enrol()
    short_day.at(2026, 11, 24, 15, 0).tick()  # 18:00
    assert asked(short_day) == []
    short_day.at(2026, 11, 25, 8, 0).tick()
    waiting = short_day.messages(template="check_in_pain_red_flags")[0]
    assert waiting.status == "expired"  # the next day is too late for the question of day 1


def test_the_safety_text_passes(short_day: World) -> None:
    short_day.enrol()
    short_day.at(2026, 11, 24, 20, 0).text_in("I cannot pass urine")
    short_day.tick()
    assert "112" in short_day.sent()[-1]
