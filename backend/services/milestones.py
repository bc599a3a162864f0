"""Milestones: booked, moved, ticked, called off; and the restrictions they end."""

from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.models import CarePlan, Clinic, Milestone, Patient, Restriction
from backend.outbox import cancel, enqueue, reschedule
from backend.services.actors import Actor, record
from backend.services.planned_texts import planned_message, text_identity, why_planned
from backend.services.protocols import protocol_of
from schedules.timeline import plan_reminders

STATUSES: Final = ("planned", "booked", "done", "cancelled")
"""What a person may make of a milestone."""


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
    """Tick, book, move or call off a milestone; its reminders follow.

    A booking moves the reminders to the appointment; done or cancelled takes them
    back. Raises Invalid naming the field, Conflict when the plan has ended.
    """
    plan = session.get_one(CarePlan, milestone.care_plan_id)
    if plan.status in {"completed", "revoked"}:
        raise Conflict(f"the plan is {plan.status}; its milestones do not change any more")
    if booked_at is not None and status is None:
        status = "booked"
    _check(milestone, status, booked_at, now)
    if note is not None:
        milestone.note = note.strip()
    if due_at is not None:
        _move_due(milestone, due_at)
    if status is not None:
        _apply_status(session, milestone, status, booked_at, now)
    session.flush()
    if status in {"done", "cancelled"}:
        cancel(
            session, f"not needed any more: {milestone.step_key} {status}", now=now, milestone_id=milestone.id
        )
    elif status is not None or due_at is not None:
        _move_reminders(session, plan, milestone, now)
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
    """Move the whole window by as much as its due date."""
    shift = due_at - milestone.due_at
    milestone.due_at = due_at
    for name in ("earliest_at", "overdue_at", "expires_at"):
        instant = getattr(milestone, name)
        if instant is not None:
            setattr(milestone, name, instant + shift)


def _apply_status(
    session: Session, milestone: Milestone, status: str, booked_at: datetime | None, now: datetime
) -> None:
    milestone.status = status
    milestone.completed_at = now if status == "done" else None
    if status == "booked":
        milestone.booked_at = booked_at or milestone.booked_at
    elif status == "planned":
        milestone.booked_at = None
    if status == "done":
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


def _move_reminders(session: Session, plan: CarePlan, milestone: Milestone, now: datetime) -> None:
    """Hang the milestone's unsent reminders on its appointment, or on its due date."""
    step = protocol_of(plan).step(milestone.step_key)
    clinic_zone = session.scalars(select(Clinic.timezone).where(Clinic.id == plan.clinic_id)).one()
    patient = session.get_one(Patient, plan.patient_id)
    booked = milestone.status == "booked"
    at = milestone.booked_at if booked and milestone.booked_at else milestone.due_at
    texts = plan_reminders(
        step,
        milestone.occurrence,
        at=at,
        booked=booked,
        clinic_zone=clinic_zone,
        patient_zone=patient.timezone,
        preferred_time=patient.preferred_time,
        now=now,
    )
    why = (
        f"follows the appointment for {milestone.step_key}"
        if booked
        else f"follows the date of {milestone.step_key}"
    )
    wanted: set[str] = set()
    for text in texts:
        identity = text_identity(plan.id, milestone.step_key, milestone.occurrence, text.key)
        wanted.add(identity)
        moved = reschedule(
            session,
            identity,
            due_at=text.due_at,
            expires_at=text.expires_at,
            facts=text.facts,
            template=text.template,
            lateness=text.lateness.value,
            why=why_planned(why, text),
            now=now,
        )
        if not moved:  # not planned before, or already sent: then this adds nothing
            message = planned_message(plan, milestone.step_key, milestone.occurrence, text, milestone)
            enqueue(session, plan.clinic_id, [message], now=now)
    cancel(session, f"its day is past: {why}", now=now, milestone_id=milestone.id, keep=wanted)


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
