"""What a plan's texts carry into the outbox: the policy for a late one, and why its hour was moved."""

from datetime import UTC, datetime, time

import pytest
from sqlalchemy import update

from backend.db import transaction
from backend.models import CarePlan, Milestone, OutboundMessage
from backend.services.milestones import change_milestone
from tests.world import World

APPOINTMENT = datetime(2027, 3, 1, 11, 0, tzinfo=UTC)
PREFERS = "moved to 18:30: the hour the patient prefers"


def text_of(world: World, step_key: str, purpose: str) -> OutboundMessage:
    """Return the first text of a step's purpose."""
    return world.messages(step_key=step_key, purpose=purpose)[0]


def book_the_mri(world: World) -> None:
    """Let the nurse book the plan's MRI."""
    (plan,) = world.rows(CarePlan)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        row = session.get_one(Milestone, world.milestone(plan, "mri_3_months").id)
        change_milestone(session, world.nurse, row, booked_at=APPOINTMENT, now=world.now)


@pytest.mark.parametrize(
    ("step_key", "purpose", "lateness"),
    [
        ("physical_therapy", "remind", "call"),
        ("first_follow_up", "remind", "call"),
        ("mri_3_months", "remind", "call"),
        ("annual_review", "remind", "newest_only"),
        ("check_in_d1", "ask", "newest_only"),
        ("check_in_d1", "nudge", "newest_only"),
        ("wound", "inform", "late"),
    ],
)
def test_a_planned_text_carries_what_its_step_says_about_lateness(
    world: World, step_key: str, purpose: str, lateness: str
) -> None:
    world.enrol()
    assert {row.lateness for row in world.messages(step_key=step_key, purpose=purpose)} == {lateness}


def test_a_text_of_no_step_still_goes_late(world: World) -> None:
    world.enrol()
    assert [row.lateness for row in world.messages(template="welcome")] == ["late"]


def test_a_moved_reminder_keeps_what_its_step_says_about_lateness(world: World) -> None:
    world.enrol()
    book_the_mri(world)
    assert [row.lateness for row in world.messages(template="remind_mri_booked")] == ["call"] * 3


def test_a_reminder_planned_before_steps_had_a_policy_takes_it_on_when_it_moves(world: World) -> None:
    world.enrol()
    with transaction(world.engine) as session:
        session.execute(update(OutboundMessage).values(lateness="late"))
    book_the_mri(world)
    assert [row.lateness for row in world.messages(template="remind_mri_booked")] == ["call"] * 3


def test_a_text_at_the_protocols_hour_says_only_who_planned_it(world: World) -> None:
    world.enrol()
    assert text_of(world, "check_in_d1", "ask").why == "planned by nucleoplasty_lumbar 1: check_in_d1"


def test_a_text_at_the_hour_the_patient_prefers_says_so(world: World) -> None:
    world.enrol(world.patient(preferred_time=time(18, 30)))
    asked = text_of(world, "check_in_d1", "ask")
    assert asked.why == f"planned by nucleoplasty_lumbar 1: check_in_d1; {PREFERS}"


def test_a_nudge_that_quiet_hours_moved_to_the_morning_says_so(world: World) -> None:
    world.enrol(world.patient(preferred_time=time(18, 30)))
    nudge = text_of(world, "check_in_d1", "nudge")
    assert nudge.due_at == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)  # 09:00 in Istanbul
    assert nudge.why.endswith("; moved to 09:00: quiet hours Europe/Istanbul")


def test_a_reminder_that_follows_an_appointment_says_why_its_hour_is_another(world: World) -> None:
    world.enrol(world.patient(preferred_time=time(18, 30)))
    book_the_mri(world)
    reminded = text_of(world, "mri_3_months", "remind")
    assert reminded.why == f"follows the appointment for mri_3_months; {PREFERS}"
