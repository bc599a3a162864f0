"""Milestones booked, ticked and moved, and the texts that follow them."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.db import transaction
from backend.errors import Conflict, Invalid
from backend.models import CarePlan, Milestone, Restriction
from backend.services.milestones import change_milestone
from backend.services.plans import complete, hold, resume, revoke
from tests.world import World


def change(world: World, key: str, **changes: object) -> Milestone:
    """Let the nurse change the plan's milestone of that key."""
    (plan,) = world.rows(CarePlan)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        row = session.get_one(Milestone, world.milestone(plan, key).id)
        return change_milestone(session, world.nurse, row, now=world.now, **changes)  # type: ignore[arg-type]


def reminders(world: World, key: str) -> dict[str, tuple[str, str]]:
    """Return a milestone's reminders: local day -> (template, status)."""
    return {
        message.due_at.date().isoformat(): (message.template or "", message.status)
        for message in world.messages(step_key=key, purpose="remind")
    }


def test_mri_reminders_go_21_7_and_1_days_before(world: World) -> None:
    world.enrol()
    assert list(reminders(world, "mri_3_months")) == ["2027-02-02", "2027-02-16", "2027-02-22"]


def test_a_booking_moves_the_reminders_to_the_appointment(world: World) -> None:
    world.enrol()
    booked = change(world, "mri_3_months", booked_at=datetime(2027, 3, 1, 11, 0, tzinfo=UTC))
    assert booked.status == "booked"
    days = ("2027-02-08", "2027-02-22", "2027-02-28")
    assert reminders(world, "mri_3_months") == dict.fromkeys(days, ("remind_mri_booked", "scheduled"))


def test_giving_a_booking_back_moves_them_back(world: World) -> None:
    world.enrol()
    before = reminders(world, "mri_3_months")
    change(world, "mri_3_months", booked_at=datetime(2027, 3, 1, 11, 0, tzinfo=UTC))
    change(world, "mri_3_months", status="planned")
    assert reminders(world, "mri_3_months") == before


def test_a_reminder_that_was_sent_is_not_sent_again_for_a_new_date(world: World) -> None:
    world.enrol()
    world.at(2027, 2, 2, 9, 0).run(minutes=3)
    change(world, "mri_3_months", booked_at=datetime(2027, 3, 1, 11, 0, tzinfo=UTC))
    sent = [status for _, status in reminders(world, "mri_3_months").values()]
    assert sorted(sent) == ["accepted", "scheduled", "scheduled"]


def test_done_takes_the_reminders_back_and_lifts_what_hung_on_it(world: World) -> None:
    world.enrol()
    world.advance(days=14)
    change(world, "first_follow_up", status="done")
    assert {status for _, status in reminders(world, "first_follow_up").values()} <= {"cancelled"}
    (skincare,) = world.rows(Restriction, Restriction.step_key == "skincare_at_site")
    assert (skincare.status, skincare.ends_at) == ("lifted", world.now)


def test_a_moved_date_moves_its_whole_window(world: World) -> None:
    world.enrol()
    (plan,) = world.rows(CarePlan)
    before = world.milestone(plan, "mri_3_months")
    after = change(world, "mri_3_months", due_at=before.due_at + timedelta(days=10))
    assert before.earliest_at
    assert after.earliest_at == before.earliest_at + timedelta(days=10)


@pytest.mark.parametrize(
    ("field", "key", "changes"),
    [
        ("status", "mri_3_months", {"status": "maybe"}),
        ("status", "discharge", {"status": "booked", "booked_at": datetime(2027, 1, 1, tzinfo=UTC)}),
        ("booked_at", "mri_3_months", {"status": "booked"}),
        ("booked_at", "mri_3_months", {"booked_at": datetime(2026, 1, 1, tzinfo=UTC)}),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_field(
    world: World, field: str, key: str, changes: dict[str, object]
) -> None:
    world.enrol()
    with pytest.raises(Invalid) as refusal:
        change(world, key, **changes)
    assert list(refusal.value.fields) == [field]


def test_nothing_is_sent_while_a_plan_is_on_hold_nor_afterwards_in_a_burst(world: World) -> None:
    world.enrol()
    world.tick()
    sent = len(world.sent())
    plan_id = world.rows(CarePlan)[0].id
    with transaction(world.engine, world.nurse.clinic_id) as session:
        hold(session, world.nurse, session.get_one(CarePlan, plan_id), now=world.now)
    for _ in range(9):
        world.advance(days=1).tick()
    with transaction(world.engine, world.nurse.clinic_id) as session:
        resume(session, world.nurse, session.get_one(CarePlan, plan_id), now=world.now)
    world.tick()
    assert len(world.sent()) == sent
    assert [alert for alert in world.alerts() if alert.tier == "lost_sight"] == []


def test_a_revoked_plan_sends_nothing_more(world: World) -> None:
    world.enrol()
    plan_id = world.rows(CarePlan)[0].id
    with transaction(world.engine, world.nurse.clinic_id) as session:
        revoke(session, world.nurse, session.get_one(CarePlan, plan_id), now=world.now)
    assert {message.status for message in world.messages()} == {"cancelled"}
    with pytest.raises(Conflict, match="revoked"):
        change(world, "mri_3_months", status="done")


def test_a_completed_plan_cannot_be_completed_again(world: World) -> None:
    world.enrol()
    plan_id = world.rows(CarePlan)[0].id
    with transaction(world.engine, world.nurse.clinic_id) as session:
        complete(session, world.nurse, session.get_one(CarePlan, plan_id), now=world.now)
    with pytest.raises(Conflict, match="cannot become"), transaction(world.engine) as session:
        complete(session, world.nurse, session.get_one(CarePlan, plan_id), now=world.now)


def test_physical_therapy_not_started_by_day_21_reaches_a_nurse_once(world: World) -> None:
    world.enrol()
    world.tick()
    world.advance(days=22).tick()
    world.advance(days=1).tick()
    assert [alert.cause for alert in world.alerts() if "physical_therapy" in alert.cause] != []
    assert len([alert for alert in world.alerts() if "physical_therapy" in alert.cause]) == 1


def test_an_mri_not_booked_14_days_before_reaches_a_nurse(world: World) -> None:
    world.enrol()
    world.at(2027, 2, 10, 9, 0).tick()
    assert [alert.tier for alert in world.alerts() if "mri_3_months" in alert.cause] == ["next_day"]


def test_a_booked_mri_does_not(world: World) -> None:
    world.enrol()
    change(world, "mri_3_months", booked_at=datetime(2027, 3, 1, 11, 0, tzinfo=UTC))
    world.at(2027, 2, 10, 9, 0).tick()
    assert [alert for alert in world.alerts() if "mri_3_months" in alert.cause] == []
