"""Milestones: booked, moved, ticked, called off; and the restrictions they end.

What follows from it, its reminders and the steps that hang on it, is re-planning's.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.models import CarePlan, Milestone, Restriction
from backend.services.actors import Actor, record
from backend.services.replanning import follow_milestone

STATUSES: Final = ("planned", "booked", "done", "cancelled")
"""What a person may make of a milestone."""

_INSTANTS: Final = ("earliest_at", "due_at", "overdue_at", "expires_at", "booked_at", "completed_at")


def change_milestone(
    session: Session,
    actor: Actor,
    milestone: Milestone,
    *,
    now: datetime,
    status: str | None = None,
    booked_at: datetime | None = None,
    due_at: datetime | None = None,
    note: str | None = None,
) -> Milestone:
    """Tick, book, move or call off a milestone; its reminders and what hangs on it follow.

    A booking moves the reminders to the appointment; done or cancelled takes them back until it is planned
    again. Raises Invalid naming the field, Conflict when the plan has ended.
    """
    plan = session.get_one(CarePlan, milestone.care_plan_id)
    if plan.status in {"completed", "revoked"}:
        raise Conflict(f"the plan is {plan.status}; its milestones do not change any more")
    if booked_at is not None and status is None:
        status = "booked"
    _check(milestone, status, booked_at, now)
    before = columns_of_change(milestone)
    if note is not None:
        milestone.note = note.strip()
    if due_at is not None:
        _move_due(milestone, due_at)
    if status is not None:
        _apply_status(session, milestone, status, booked_at, now)
    session.flush()
    after = columns_of_change(milestone)
    if after != before:
        follow_milestone(session, actor, plan, milestone.step_key, (before, after), now=now)
    record(
        session,
        actor,
        "change_milestone",
        "milestone",
        milestone.id,
        now=now,
        patient_id=milestone.patient_id,
        detail={
            "step": milestone.step_key,
            "status": milestone.status,
            "booked_at": booked_at.isoformat() if booked_at else None,
            "due_at": due_at.isoformat() if due_at else None,
        },
    )
    return milestone


def _check(milestone: Milestone, status: str | None, booked_at: datetime | None, now: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if status is not None and status not in STATUSES:
        wrong["status"] = [f"choose one of {', '.join(STATUSES)}."]
    if status == "booked":
        if not milestone.bookable:
            wrong["status"] = ["there is nothing to book for this milestone; it can be done or cancelled."]
        elif booked_at is None and milestone.booked_at is None:
            wrong["booked_at"] = ["give the date and time of the appointment."]
    if booked_at is not None and status != "booked":
        wrong["booked_at"] = ["an appointment goes with the status booked."]
    if booked_at is not None and booked_at < now and "booked_at" not in wrong:
        wrong["booked_at"] = ["this lies in the past; give a time to come, or mark the milestone as done."]
    if wrong:
        raise Invalid(wrong)


def _move_due(milestone: Milestone, due_at: datetime) -> None:
    """Move the whole window by as much as its due date; re-planning leaves it there from now on."""
    shift = due_at - milestone.due_at
    milestone.due_at = due_at
    milestone.moved_by_hand = True
    milestone.moved = {}
    for name in ("earliest_at", "overdue_at", "expires_at"):
        instant = getattr(milestone, name)
        if instant is not None:
            setattr(milestone, name, instant + shift)


def _apply_status(
    session: Session, milestone: Milestone, status: str, booked_at: datetime | None, now: datetime
) -> None:
    if milestone.status == "done" and status != "done":
        restore_lifted(session, milestone)
    milestone.status = status
    milestone.withdrawn_at = None
    milestone.completed_at = now if status == "done" else None
    if status == "booked":
        milestone.booked_at = booked_at or milestone.booked_at
    elif status == "planned":
        milestone.booked_at = None
    if status == "done":
        _lift(session, milestone, now)


def _lift(session: Session, milestone: Milestone, now: datetime) -> None:
    session.execute(
        update(Restriction)
        .where(
            Restriction.care_plan_id == milestone.care_plan_id,
            Restriction.ends_with == milestone.step_key,
            Restriction.status == "active",
        )
        .values(status="lifted", ends_at=now)
        .execution_options(synchronize_session="fetch")
    )


def restore_lifted(session: Session, milestone: Milestone) -> None:
    """Let what ended with a milestone hold again, because that is taken back."""
    session.execute(
        update(Restriction)
        .where(
            Restriction.care_plan_id == milestone.care_plan_id,
            Restriction.ends_with == milestone.step_key,
            Restriction.status == "lifted",
            Restriction.ends_at == milestone.completed_at,
        )
        .values(status="active", ends_at=None)
        .execution_options(synchronize_session="fetch")
    )


def columns_of_change(milestone: Milestone) -> dict[str, Any]:
    """Return what a person may change of a milestone, as JSON keeps it."""
    instants = {name: getattr(milestone, name) for name in _INSTANTS}
    return {
        "id": str(milestone.id),
        "status": milestone.status,
        "moved_by_hand": milestone.moved_by_hand,
        "moved": dict(milestone.moved),
        **{name: instant and instant.isoformat() for name, instant in instants.items()},
    }


def restore_columns(session: Session, milestone: Milestone, kept: dict[str, Any]) -> None:
    """Give a milestone back what `columns_of_change` kept of it."""
    if milestone.status == "done" and kept["status"] != "done":
        restore_lifted(session, milestone)
    milestone.status, milestone.moved_by_hand = kept["status"], kept["moved_by_hand"]
    milestone.moved = kept["moved"]
    for name in _INSTANTS:
        setattr(milestone, name, kept[name] and datetime.fromisoformat(kept[name]))
    session.flush()


def lift_restriction(
    session: Session, actor: Actor, restriction: Restriction, *, now: datetime
) -> Restriction:
    """Record that a clinician has cleared the patient. Lifting it again changes nothing."""
    if restriction.status == "lifted":
        return restriction
    restriction.status = "lifted"
    restriction.ends_at = now
    record(
        session,
        actor,
        "lift_restriction",
        "restriction",
        restriction.id,
        now=now,
        patient_id=restriction.patient_id,
        detail={"step": restriction.step_key},
    )
    return restriction
