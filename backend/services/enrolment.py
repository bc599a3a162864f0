"""Enrolment: a procedure becomes a care plan, its steps, and every text it will need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.errors import Conflict
from backend.models import CarePlan, CheckIn, Clinic, Milestone, Patient, Procedure, Restriction
from backend.outbox import enqueue
from backend.services.actors import Actor, record
from backend.services.clinics import clinic_of
from backend.services.plan_rows import PlainWords, plan_row, procedure_row, step_rows
from backend.services.planned_texts import planned_texts, welcome
from backend.services.procedure_course import course_of
from backend.services.procedure_orders import ProcedureOrder, check_order, check_protocol
from backend.services.protocols import overrides_of, signed_protocol
from schedules.selection import SelectionWarning, selection_warnings
from schedules.timeline import lay_out
from schedules.vocabulary import ANAESTHESIA, JOBS, LEVELS, TECHNIQUES

__all__ = ["ANAESTHESIA", "JOBS", "LEVELS", "TECHNIQUES", "Enrolment", "ProcedureOrder", "enrol"]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolment made."""

    procedure: Procedure
    care_plan: CarePlan
    milestones: Sequence[Milestone]
    restrictions: Sequence[Restriction]
    check_ins: Sequence[CheckIn]
    warnings: Sequence[SelectionWarning] = ()


def enrol(
    session: Session, actor: Actor, patient: Patient, order: ProcedureOrder, *, now: datetime
) -> Enrolment:
    """Record a procedure and plan everything that follows from it, all or nothing.

    Nothing is sent here: the texts wait in the outbox. What the checklist holds against the procedure comes
    back as `warnings`, and stops nothing. Raises Invalid naming each field that cannot be used, Conflict when
    this procedure is already recorded.
    """
    clinic = clinic_of(session, actor)
    check_order(order, clinic, now=now)
    protocol = signed_protocol(session, clinic.id, order.protocol)
    check_protocol(order, protocol)
    _refuse_twice(session, patient, order, clinic)
    procedure_columns = procedure_row(clinic.id, patient.id, order, now=now)
    plan_columns = plan_row(procedure_columns, protocol, overrides_of(session, clinic.id, protocol), now=now)
    procedure, plan = Procedure(**procedure_columns), CarePlan(**plan_columns)
    try:
        session.add(procedure)
        session.flush()
    except IntegrityError as error:  # the same request, at the same instant, from elsewhere
        raise Conflict("this procedure is already recorded") from error
    timeline = lay_out(protocol, course_of(procedure, patient, clinic, now=now)).occurrences
    steps = step_rows(plan_columns, timeline, PlainWords(), now=now)
    enrolment = Enrolment(
        procedure,
        plan,
        milestones=[Milestone(**row) for row in steps.milestones],
        restrictions=[Restriction(**row) for row in steps.restrictions],
        check_ins=[CheckIn(**row) for row in steps.check_ins],
        warnings=selection_warnings(protocol.selection, order.selection),
    )
    session.add(plan)
    session.flush()
    session.add_all([*enrolment.milestones, *enrolment.restrictions, *enrolment.check_ins])
    texts = [welcome(plan_columns, now=now), *planned_texts(plan_columns, steps, timeline)]
    enqueue(session, clinic.id, texts, now=now)
    record(
        session,
        actor,
        "enrol",
        "care_plan",
        plan.id,
        now=now,
        patient_id=patient.id,
        detail={"protocol": protocol.id, "version": protocol.version},
    )
    return enrolment


def _refuse_twice(session: Session, patient: Patient, order: ProcedureOrder, clinic: Clinic) -> None:
    """Refuse a second procedure of the same region on the same day of the clinic."""
    zone = ZoneInfo(clinic.timezone)
    day = order.performed_at.astimezone(zone).date()
    recorded = session.scalars(
        select(Procedure.performed_at).where(
            Procedure.patient_id == patient.id,
            Procedure.region == order.region,
            Procedure.status != "cancelled",
        )
    )
    if any(performed_at.astimezone(zone).date() == day for performed_at in recorded):
        raise Conflict(f"a {order.region} procedure of this patient on {day:%-d %B %Y} is already recorded")
