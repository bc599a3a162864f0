"""A plan whose dates change: what moves, what stays, what comes back, and the record it leaves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.db import transaction
from backend.errors import Conflict, Invalid
from backend.models import (
    AuditEvent,
    CarePlan,
    CheckIn,
    Milestone,
    Observation,
    PlanRevision,
    Procedure,
    Restriction,
)
from backend.services import plans
from backend.services.milestones import change_milestone
from backend.services.procedure_changes import NewCourse
from backend.services.protocols import signed_protocol
from backend.services.replanning import Replanned, preview, replan
from backend.services.undoing import undo
from schedules.replan import Replan
from tests.world import World

LATER = timedelta(days=10)


def plan_of(world: World) -> CarePlan:
    (plan,) = world.rows(CarePlan)
    return plan


def change(world: World, *, reason: str = "", **course: object) -> Replanned:
    """Let the nurse change the only procedure."""
    with transaction(world.engine, world.nurse.clinic_id) as session:
        plan = session.get_one(CarePlan, plan_of(world).id)
        new = NewCourse(**course)  # type: ignore[arg-type]
        return replan(session, world.nurse, plan, new, reason=reason, now=world.now)


def foresee(world: World, **course: object) -> Replan:
    with transaction(world.engine, world.nurse.clinic_id) as session:
        plan = session.get_one(CarePlan, plan_of(world).id)
        return preview(session, plan, NewCourse(**course), now=world.now)  # type: ignore[arg-type]


def take_back(world: World, revision: PlanRevision | None = None) -> Replanned:
    with transaction(world.engine, world.nurse.clinic_id) as session:
        newest = max(session_rows(world), key=lambda row: row.at) if revision is None else revision
        return undo(session, world.nurse, session.get_one(PlanRevision, newest.id), now=world.now)


def session_rows(world: World) -> list[PlanRevision]:
    return [row for row in world.rows(PlanRevision) if row.undoes is None and row.undone_at is None]


def milestone(world: World, key: str, **changes: object) -> Milestone:
    with transaction(world.engine, world.nurse.clinic_id) as session:
        row = session.get_one(Milestone, world.milestone(plan_of(world), key).id)
        return change_milestone(session, world.nurse, row, now=world.now, **changes)  # type: ignore[arg-type]


def texts(world: World, *statuses: str) -> dict[str, datetime]:
    """The plan's own texts in these statuses: identity -> when due."""
    return {
        message.identity: message.due_at
        for message in world.messages()
        if message.step_key is not None and message.status in (statuses or ("scheduled",))
    }


def everything(world: World) -> set[tuple[object, ...]]:
    """Every date and state of the plan that can be compared."""
    steps = {
        (type(row).__name__, row.step_key, row.occurrence, row.status, getattr(row, "due_at", None))
        for model in (Milestone, CheckIn, Restriction)
        for row in world.rows(model)
    }
    ends = {(row.step_key, row.ends_at) for row in world.rows(Restriction)}
    return steps | ends | set(texts(world).items())


# the procedure moves


def test_a_planned_procedure_that_moves_takes_its_whole_plan_along(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    before = {row.identity: row.due_at for row in world.messages() if row.purpose == "ask"}
    change(world, performed_at=world.now + timedelta(days=30))
    after = {row.identity: row.due_at for row in world.messages() if row.purpose == "ask"}
    assert after == {identity: due_at + LATER for identity, due_at in before.items()}
    assert plan_of(world).anchor_at == world.now + timedelta(days=30)


def test_what_the_patient_has_received_is_not_said_again(world: World) -> None:
    world.enrol()
    world.at(2026, 11, 24, 7, 0).run(minutes=3)
    received = texts(world, "accepted")
    change(world, performed_at=world.now - timedelta(hours=1))
    world.advance(days=1).run(minutes=5)
    bodies = [row.identity for row in world.messages() if row.status == "accepted"]
    assert received
    assert len(bodies) == len(set(bodies))
    assert texts(world, "accepted").items() >= received.items()


def test_planning_the_same_again_changes_nothing(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    course = {"performed_at": world.now + timedelta(days=30)}
    change(world, **course)
    before = everything(world)
    again = change(world, **course)
    assert again.revision is None
    assert again.replan.changes == ()
    assert everything(world) == before


def test_a_preview_says_what_happens_and_writes_nothing(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    before = everything(world)
    course = {"performed_at": world.now + timedelta(days=30)}
    foreseen = foresee(world, **course)
    assert everything(world) == before
    assert world.rows(PlanRevision) == []
    assert foreseen.counts == change(world, **course).replan.counts


def test_each_part_says_in_both_languages_why(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    foreseen = foresee(world, performed_at=world.now + timedelta(days=30))
    entries = [*foreseen.keep, *foreseen.move, *foreseen.add, *foreseen.drop]
    assert {frozenset(entry.reason) for entry in entries} == {frozenset({"en", "tr"})}
    assert {entry.reason["en"] for entry in foreseen.move} == {"follows the procedure's new date"}


def test_a_procedure_performed_earlier_than_planned_drops_what_is_past(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    ahead = {row.step_key for row in world.messages(status="scheduled") if row.due_at < world.now + 2 * LATER}
    done = change(world, performed_at=world.now, status="performed")
    assert any(entry.part.key.step.startswith("prepare") for entry in done.replan.drop)
    assert ahead & {entry.part.key.step for entry in done.replan.drop}
    assert world.rows(Procedure)[0].status == "performed"


def test_the_texts_of_a_postponed_procedure_come_back_for_their_new_days(world: World) -> None:
    """Withdrawn because the procedure was thought done, and wanted again once it lies ahead."""
    world.enrol(performed_at=world.now + timedelta(days=20))
    before = {identity for identity in texts(world) if "/prepare" in identity}
    change(world, performed_at=world.now, status="performed")
    change(world, performed_at=world.now + timedelta(days=30))
    assert before
    assert {identity for identity in texts(world) if "/prepare" in identity} == before


def test_what_was_answered_counts_from_the_new_day(world: World) -> None:
    world.enrol()
    world.advance(days=1).run(minutes=3)
    world.text_in("4")
    (answered,) = [row for row in world.check_ins(plan_of(world)) if row.status == "answered"]
    change(world, performed_at=world.now - timedelta(days=3))
    (observation,) = world.rows(Observation)
    assert observation.day == 3
    assert world.rows(CheckIn, CheckIn.id == answered.id)[0].status == "answered"


def test_a_procedure_cancelled_on_the_day_takes_everything_back(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(hours=4))
    change(world, status="cancelled", reason="fever this morning")
    assert texts(world) == {}
    assert (plan_of(world).status, world.rows(Procedure)[0].status) == ("revoked", "cancelled")
    assert {row.status for row in world.rows(Milestone)} == {"cancelled"}


def test_cancelling_can_be_taken_back(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(hours=4))
    before = everything(world)
    change(world, status="cancelled")
    take_back(world)
    assert everything(world) == before
    assert (plan_of(world).status, world.rows(Procedure)[0].status) == ("active", "planned")


@pytest.mark.parametrize(
    ("field", "course"),
    [
        ("status", {"status": "performed"}),
        ("status", {"status": "maybe"}),
        ("performed_at", {"performed_at": datetime(2028, 1, 1, tzinfo=UTC)}),
        ("performed_at", {"performed_at": datetime(2010, 1, 1, tzinfo=UTC)}),
    ],
)
def test_a_change_that_cannot_be_names_its_field(world: World, field: str, course: dict[str, object]) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    with pytest.raises(Invalid) as refusal:
        change(world, **course)
    assert list(refusal.value.fields) == [field]


def test_a_performed_procedure_cannot_be_cancelled(world: World) -> None:
    world.enrol()
    with pytest.raises(Invalid, match="status"):
        change(world, status="cancelled")


def test_the_dates_of_a_plan_that_ended_do_not_change(world: World) -> None:
    world.enrol()
    with transaction(world.engine, world.nurse.clinic_id) as session:
        plans.complete(session, world.nurse, session.get_one(CarePlan, plan_of(world).id), now=world.now)
    with pytest.raises(Conflict, match="completed"):
        change(world, performed_at=world.now)


def test_two_procedures_of_a_region_never_share_a_day(world: World) -> None:
    patient = world.patient()
    first = world.enrol(patient, performed_at=world.now + timedelta(days=20))
    world.enrol(patient, performed_at=world.now + timedelta(days=30))
    course = NewCourse(performed_at=world.now + timedelta(days=30, hours=2))
    with transaction(world.engine) as session:
        plan = session.get_one(CarePlan, first.care_plan.id)
        with pytest.raises(Conflict, match="already recorded"):
            preview(session, plan, course, now=world.now)


# what people dated


def test_a_booked_visit_stands_when_the_procedure_moves(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    booked_at = world.now + timedelta(days=120)
    milestone(world, "mri_3_months", booked_at=booked_at)
    reminders = {row.due_at for row in world.messages(step_key="mri_3_months")}
    change(world, performed_at=world.now + timedelta(days=30))
    assert world.milestone(plan_of(world), "mri_3_months").booked_at == booked_at
    assert {row.due_at for row in world.messages(step_key="mri_3_months")} == reminders


def test_a_date_set_by_hand_stands_when_the_procedure_moves(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    due_at = world.now + timedelta(days=50)
    milestone(world, "first_follow_up", due_at=due_at)
    change(world, performed_at=world.now + timedelta(days=30))
    assert world.milestone(plan_of(world), "first_follow_up").due_at == due_at


def test_giving_a_booking_back_follows_the_procedure_again(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    due_at = world.milestone(plan_of(world), "mri_3_months").due_at
    milestone(world, "mri_3_months", booked_at=world.now + timedelta(days=120))
    change(world, performed_at=world.now + timedelta(days=30))
    milestone(world, "mri_3_months", status="planned")
    assert world.milestone(plan_of(world), "mri_3_months").due_at > due_at


def test_a_reminder_taken_back_by_done_returns_when_done_is_taken_back(world: World) -> None:
    world.enrol()
    before = everything(world)
    milestone(world, "mri_3_months", status="done")
    assert not any("mri_3_months" in identity for identity in texts(world))
    milestone(world, "mri_3_months", status="planned")
    assert everything(world) == before


def test_what_a_milestone_ended_holds_again_when_it_is_taken_back(world: World) -> None:
    world.enrol()
    world.advance(days=14)
    milestone(world, "first_follow_up", status="done")
    milestone(world, "first_follow_up", status="planned")
    (skincare,) = world.rows(Restriction, Restriction.step_key == "skincare_at_site")
    assert (skincare.status, skincare.ends_at) == ("active", None)


# the patient


def test_what_is_planned_moves_to_the_local_time_of_a_patient_who_flew_home(world: World) -> None:
    world.enrol()
    world.change_patient(timezone="America/New_York")
    asked = [row for row in world.messages(status="scheduled") if row.purpose == "ask"]
    assert {row.due_at.astimezone(ZoneInfo("America/New_York")).hour for row in asked} == {10}


def test_a_question_already_asked_is_not_asked_again_over_there(world: World) -> None:
    world.enrol()
    world.at(2026, 11, 24, 7, 0).run(minutes=5)
    asked = [row for row in world.messages(purpose="ask") if row.status == "accepted"]
    world.change_patient(timezone="America/New_York")
    world.advance(hours=8).run(minutes=5)
    assert [row.id for row in world.messages(purpose="ask") if row.status == "accepted"] == [
        row.id for row in asked
    ]


def test_a_new_preferred_hour_moves_the_texts(world: World) -> None:
    world.enrol()
    world.change_patient(preferred_time=datetime(2026, 1, 1, 18, 30).time())
    asked = [row for row in world.messages(status="scheduled") if row.purpose == "ask"]
    assert {row.due_at.astimezone(ZoneInfo("Europe/Istanbul")).hour for row in asked} == {18}


def test_a_new_name_moves_nothing_and_leaves_no_record(world: World) -> None:
    world.enrol()
    world.change_patient(given_name="Aylin")
    assert world.rows(PlanRevision) == []


# the protocol


def heavier(world: World) -> dict[str, object]:
    """The signed protocol with a lifting limit two weeks longer."""
    overrides = {"heavy_lifting.ends": "P8W"}
    with transaction(world.engine, world.nurse.clinic_id) as session:
        protocol = signed_protocol(session, world.nurse.clinic_id, "nucleoplasty_lumbar")
    return {"protocol": protocol.with_overrides(overrides), "overrides": overrides}


def test_new_timing_by_choice_moves_only_what_it_times(world: World) -> None:
    world.enrol()
    done = change(world, **heavier(world))
    assert [entry.part.key.step for entry in done.replan.changes] == ["heavy_lifting"]
    assert plan_of(world).overrides == {"heavy_lifting.ends": "P8W"}


def test_new_timing_can_be_taken_back(world: World) -> None:
    world.enrol()
    before = everything(world)
    change(world, **heavier(world))
    take_back(world)
    assert everything(world) == before
    assert plan_of(world).overrides == {"heavy_lifting.ends": "P6W"}


# the record


def test_a_change_leaves_who_why_and_what_moved(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    change(world, performed_at=world.now + timedelta(days=30), reason="the theatre is full")
    (revision,) = world.rows(PlanRevision)
    assert (revision.actor, revision.reason, revision.cause) == (
        "Elif",
        "the theatre is full",
        "procedure_moved",
    )
    assert revision.counts["move"] == len(revision.before["parts"]) == len(revision.after["parts"])
    assert [row.detail["cause"] for row in world.rows(AuditEvent, AuditEvent.action == "replan")] == [
        "procedure_moved"
    ]


def test_every_moved_text_says_why_in_its_log(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    change(world, performed_at=world.now + timedelta(days=30))
    moved = [row for row in world.messages() if row.step_key]
    assert {row.why for row in moved} == {"follows the procedure's new date"}


# telling the patient


def told(world: World) -> list[tuple[str | None, str]]:
    """What was said of the procedure itself: template and status."""
    return [
        (row.template, row.status)
        for row in world.messages()
        if row.template in {"procedure_moved", "procedure_cancelled"}
    ]


def test_a_patient_is_told_the_new_date_of_a_procedure_to_come(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    change(world, performed_at=world.now + timedelta(days=30))
    world.run(minutes=3)
    assert told(world) == [("procedure_moved", "accepted")]


def test_a_patient_is_told_that_a_procedure_does_not_take_place(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(hours=4))
    change(world, status="cancelled")
    assert told(world) == [("procedure_cancelled", "scheduled")]


def test_a_change_taken_back_in_time_is_not_announced(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    change(world, performed_at=world.now + timedelta(days=30))
    take_back(world)
    assert told(world) == [("procedure_moved", "cancelled")]


def test_a_change_taken_back_too_late_is_announced_again(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    change(world, performed_at=world.now + timedelta(days=30))
    world.run(minutes=3)
    take_back(world)
    assert sorted(told(world)) == [("procedure_moved", "accepted"), ("procedure_moved", "scheduled")]


def test_a_date_corrected_afterwards_is_not_announced(world: World) -> None:
    world.enrol()
    change(world, performed_at=world.now - timedelta(days=1))
    assert told(world) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda world: change(world, performed_at=world.now + timedelta(days=30)),
        lambda world: change(world, performed_at=world.now, status="performed"),
        lambda world: milestone(world, "mri_3_months", booked_at=world.now + timedelta(days=100)),
        lambda world: milestone(world, "first_follow_up", status="done"),
        lambda world: milestone(world, "first_follow_up", due_at=world.now + timedelta(days=60)),
    ],
    ids=["moved", "performed", "booked", "done", "by hand"],
)
def test_every_change_can_be_taken_back(world: World, act: Callable[[World], object]) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    before = everything(world)
    act(world)
    assert everything(world) != before
    take_back(world)
    assert everything(world) == before


def test_only_the_newest_change_can_be_taken_back(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    first = change(world, performed_at=world.now + timedelta(days=30)).revision
    world.advance(minutes=1)
    change(world, performed_at=world.now + timedelta(days=40))
    with pytest.raises(Conflict, match="again since"):
        take_back(world, first)


def test_a_change_is_taken_back_once(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    first = change(world, performed_at=world.now + timedelta(days=30)).revision
    take_back(world, first)
    with pytest.raises(Conflict, match="already"):
        take_back(world, first)


def test_what_was_sent_meanwhile_is_not_taken_back(world: World) -> None:
    world.enrol()
    world.at(2026, 11, 24, 6, 0)
    change(world, performed_at=world.now - timedelta(days=1))
    world.at(2026, 11, 24, 7, 30).run(minutes=5)
    sent = texts(world, "accepted")
    take_back(world)
    assert texts(world, "accepted") == sent
    world.run(minutes=5)
    assert texts(world, "accepted") == sent


# on hold


def test_what_fell_due_on_hold_comes_back_only_for_a_day_to_come(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=3))
    with transaction(world.engine, world.nurse.clinic_id) as session:
        plans.hold(session, world.nurse, session.get_one(CarePlan, plan_of(world).id), now=world.now)
    world.advance(days=6)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        plans.resume(session, world.nurse, session.get_one(CarePlan, plan_of(world).id), now=world.now)
    skipped = texts(world, "cancelled")
    world.tick()
    change(world, performed_at=world.now + timedelta(days=20))
    waiting = texts(world)
    assert skipped
    assert skipped.keys() <= waiting.keys()
    assert min(waiting.values()) > world.now
