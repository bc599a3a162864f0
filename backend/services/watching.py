"""What no message announces: silence, milestones that pass, appointments not made.

Run by a clock, over plans that may have something new to say; each cause is raised
once per plan, so that a resolved alert does not come back every round.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend import triage
from backend.models import Alert, CarePlan, CheckIn, Clinic, Milestone, Patient, Procedure
from backend.services.alerts import raise_alerts
from backend.services.protocols import protocol_of
from schedules.timeline import day_number

BOOKING_HORIZON: Final = timedelta(days=45)
"""How far ahead an appointment that is not booked is looked for; the rules say when it matters."""


def plans_to_watch(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Return the running plans where a clock alone may have made something of note."""
    silent = select(CheckIn.care_plan_id).where(CheckIn.status == "missed")
    late = select(Milestone.care_plan_id).where(
        Milestone.status.in_(("planned", "booked")),
        or_(
            Milestone.overdue_at <= now,
            Milestone.bookable.is_(True) & (Milestone.due_at <= now + BOOKING_HORIZON),
        ),
    )
    return list(
        session.scalars(
            select(CarePlan.id).where(
                CarePlan.status == "active", or_(CarePlan.id.in_(silent), CarePlan.id.in_(late))
            )
        )
    )


def watch(session: Session, plan_ids: Iterable[uuid.UUID], *, now: datetime) -> list[Alert]:
    """Assess the course of these plans and raise what their rules call for."""
    raised: list[Alert] = []
    for plan_id in plan_ids:
        plan = session.get_one(CarePlan, plan_id)
        if plan.status != "active":
            continue
        raised += raise_alerts(session, plan, _findings(session, plan, now), now=now, once=True)
    return raised


def raise_opted_out(session: Session, plan: CarePlan, *, now: datetime) -> list[Alert]:
    """Raise that a patient cannot be followed by text any more, each time it happens."""
    return _raise_lost(session, plan, triage.Course(opted_out=True), now)


def raise_unreachable(session: Session, plan: CarePlan, *, now: datetime) -> list[Alert]:
    """Raise that a patient's number does not receive texts, each time it is found out."""
    return _raise_lost(session, plan, triage.Course(unreachable=True), now)


def _raise_lost(session: Session, plan: CarePlan, course: triage.Course, now: datetime) -> list[Alert]:
    assessment = triage.assess_course(
        protocol_of(plan).rules,
        course,
        region=session.get_one(Procedure, plan.procedure_id).region,
        day=_day(session, plan, now),
    )
    return raise_alerts(session, plan, assessment.findings, now=now)


def _findings(session: Session, plan: CarePlan, now: datetime) -> tuple[triage.Finding, ...]:
    patient = session.get_one(Patient, plan.patient_id)
    zone = ZoneInfo(session.get_one(Clinic, plan.clinic_id).timezone)
    milestones = session.execute(
        select(
            Milestone.step_key, Milestone.status, Milestone.due_at, Milestone.overdue_at, Milestone.bookable
        )
        .where(Milestone.care_plan_id == plan.id, Milestone.status.in_(("planned", "booked")))
        .order_by(Milestone.due_at.desc())
    ).all()
    missed = session.scalars(
        select(CheckIn.day)
        .where(
            CheckIn.care_plan_id == plan.id, CheckIn.status == "missed", CheckIn.expires_at > plan.created_at
        )
        .order_by(CheckIn.day)
    ).all()
    today = now.astimezone(zone).date()
    course = triage.Course(
        missed_days=tuple(missed),
        opted_out=patient.consent_state == "opted_out",
        unreachable=patient.phone_unreachable_since is not None,
        overdue_milestones=tuple(m.step_key for m in milestones if m.overdue_at and m.overdue_at <= now),
        unbooked={
            m.step_key: (m.due_at.astimezone(zone).date() - today).days
            for m in milestones
            if m.bookable and m.status == "planned"
        },
    )
    procedure = session.get_one(Procedure, plan.procedure_id)
    return triage.assess_course(
        protocol_of(plan).rules,
        course,
        region=procedure.region,
        day=_day(session, plan, now),
    ).findings


def _day(session: Session, plan: CarePlan, now: datetime) -> int:
    return day_number(plan.anchor_at, now, session.get_one(Clinic, plan.clinic_id).timezone)
