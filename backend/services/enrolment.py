"""Enrolment: a procedure becomes a care plan, its steps, and every text it will need."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.models import CarePlan, CheckIn, Clinic, Milestone, Patient, Procedure, Restriction
from backend.services.actors import Actor, record
from backend.services.calendars import course_of
from backend.services.clinics import clinic_of
from backend.services.planned_texts import write_texts
from backend.services.protocols import overrides_of, signed_protocol
from schedules.protocol import CareProtocol, StepKind
from schedules.selection import SelectionWarning, selection_warnings
from schedules.timeline import Occurrence, lay_out
from schedules.vocabulary import ANAESTHESIA, ANSWERS, JOBS, LEVELS, TECHNIQUES

__all__ = ["ANAESTHESIA", "JOBS", "LEVELS", "TECHNIQUES", "Enrolment", "ProcedureOrder", "enrol"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureOrder:
    """What was done or is planned. `baseline_pain` is the pain 0-10 before it, where it was asked.

    `selection` answers the protocol's checklist, criterion -> yes, no or not_known.
    """

    performed_at: datetime
    protocol: str
    region: str
    levels: tuple[str, ...]
    technique: str
    anaesthesia: str = "local"
    baseline_pain: int | None = None
    clinician: str = ""
    job: str | None = None
    flies_home_on: date | None = None
    selection: Mapping[str, str] = field(default_factory=dict)


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
    back as `warnings`, and stops nothing. Raises Invalid naming each
    field that cannot be used, Conflict when this procedure is already recorded.
    """
    clinic = clinic_of(session, actor)
    _check(order, clinic, now)
    protocol = signed_protocol(session, clinic.id, order.protocol)
    if protocol.region != order.region:
        raise Invalid({"region": [f"protocol {protocol.id} is for the {protocol.region} region."]})
    _check_selection(order, protocol)
    _refuse_twice(session, patient, order, clinic)
    procedure = _procedure(patient, order, now)
    plan = _plan(procedure, protocol, overrides_of(session, clinic.id, protocol), now)
    try:
        session.add(procedure)
        session.flush()
    except IntegrityError as error:  # the same request, at the same instant, from elsewhere
        raise Conflict("this procedure is already recorded") from error
    session.add(plan)
    session.flush()
    timeline = lay_out(protocol, course_of(procedure, patient, clinic, now=now)).occurrences
    enrolment = _write_steps(session, procedure, plan, timeline, now)
    rows: list[Milestone | CheckIn] = [*enrolment.milestones, *enrolment.check_ins]
    write_texts(session, plan, rows, timeline, now=now)
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
    return replace(enrolment, warnings=selection_warnings(protocol.selection, order.selection))


def _check(order: ProcedureOrder, clinic: Clinic, now: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if order.performed_at > now + relativedelta(years=1):
        wrong["performed_at"] = ["this is more than a year ahead; give a date within the next twelve months."]
    elif order.performed_at < now - relativedelta(years=10):
        wrong["performed_at"] = ["this is more than ten years ago; give a date within the last ten years."]
    levels = LEVELS.get(order.region)
    if levels is None:
        wrong["region"] = [f"choose one of {', '.join(LEVELS)}."]
    elif not order.levels or not set(order.levels) <= set(levels):
        wrong["levels"] = [f"give at least one of {', '.join(levels)}."]
    for name, allowed in (("technique", TECHNIQUES), ("anaesthesia", ANAESTHESIA), ("job", (None, *JOBS))):
        if getattr(order, name) not in allowed:
            wrong[name] = [f"choose one of {', '.join(value for value in allowed if value)}."]
    performed_on = order.performed_at.astimezone(ZoneInfo(clinic.timezone)).date()
    if order.flies_home_on is not None and order.flies_home_on < performed_on:
        wrong["flies_home_on"] = ["this is before the procedure; give the day of the flight home."]
    if order.baseline_pain is not None and not 0 <= order.baseline_pain <= 10:
        wrong["baseline_pain"] = ["give a whole number from 0 to 10, or leave it out."]
    if wrong:
        raise Invalid(wrong)


def _check_selection(order: ProcedureOrder, protocol: CareProtocol) -> None:
    known = [criterion.key for criterion in protocol.selection]
    for key, answer in order.selection.items():
        if key not in known:
            raise Invalid({"selection": [f"'{key}' is no criterion; the criteria are {', '.join(known)}."]})
        if answer not in ANSWERS:
            raise Invalid({"selection": [f"'{key}' is answered with one of {', '.join(ANSWERS)}."]})


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


def _procedure(patient: Patient, order: ProcedureOrder, now: datetime) -> Procedure:
    return Procedure(
        id=uuid.uuid4(),
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        performed_at=order.performed_at,
        status="planned" if order.performed_at > now else "performed",
        region=order.region,
        levels=list(order.levels),
        technique=order.technique,
        anaesthesia=order.anaesthesia,
        baseline_pain=order.baseline_pain,
        clinician=order.clinician,
        job=order.job,
        flies_home_on=order.flies_home_on,
        selection=dict(order.selection),
        created_at=now,
    )


def _plan(procedure: Procedure, protocol: CareProtocol, overrides: dict[str, Any], now: datetime) -> CarePlan:
    return CarePlan(
        id=uuid.uuid4(),
        clinic_id=procedure.clinic_id,
        patient_id=procedure.patient_id,
        procedure_id=procedure.id,
        protocol=protocol.id,
        protocol_version=protocol.version,
        overrides=overrides,
        timing_hash=protocol.timing_hash,
        status="active",
        status_since=now,
        anchor_at=procedure.performed_at,
        created_at=now,
    )


def _write_steps(
    session: Session, procedure: Procedure, plan: CarePlan, timeline: Sequence[Occurrence], now: datetime
) -> Enrolment:
    milestones = [_milestone(plan, o, now) for o in timeline if o.kind is StepKind.MILESTONE]
    restrictions = [_restriction(plan, o) for o in timeline if o.kind is StepKind.RESTRICTION]
    check_ins = [_check_in(plan, o) for o in timeline if o.kind is StepKind.CHECK_IN]
    session.add_all([*milestones, *restrictions, *check_ins])
    session.flush()
    return Enrolment(procedure, plan, milestones, restrictions, check_ins)


def _shared(plan: CarePlan, occurrence: Occurrence) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "clinic_id": plan.clinic_id,
        "care_plan_id": plan.id,
        "patient_id": plan.patient_id,
        "step_key": occurrence.step_key,
        "occurrence": occurrence.index,
        "title": dict(occurrence.title),
    }


def _milestone(plan: CarePlan, occurrence: Occurrence, now: datetime) -> Milestone:
    due_at = _required(occurrence.due_at)
    past = (occurrence.overdue_at or due_at) < now
    return Milestone(
        **_shared(plan, occurrence),
        why=dict(occurrence.why),
        bookable=occurrence.bookable,
        earliest_at=occurrence.earliest_at,
        due_at=due_at,
        overdue_at=occurrence.overdue_at,
        expires_at=occurrence.expires_at,
        moved=dict(occurrence.moved),
        # what lay wholly before the enrolment was nobody's to tick: not known, and no alert
        status="before_enrolment" if past else "planned",
    )


def _restriction(plan: CarePlan, occurrence: Occurrence) -> Restriction:
    return Restriction(
        **_shared(plan, occurrence),
        why=dict(occurrence.why),
        starts_at=occurrence.earliest_at or occurrence.due_at or plan.anchor_at,
        ends_at=occurrence.ends_at,
        ends_with=occurrence.ends_with,
    )


def _check_in(plan: CarePlan, occurrence: Occurrence) -> CheckIn:
    return CheckIn(
        **_shared(plan, occurrence),
        questions=[
            {
                "key": question.key,
                "text": dict(question.text),
                "minimum": question.minimum,
                "maximum": question.maximum,
                "required": question.required,
                "signs": list(question.signs),
                "loinc": question.loinc,
            }
            for question in occurrence.questions
        ],
        day=occurrence.day,
        due_at=_required(occurrence.due_at),
        expires_at=_required(occurrence.expires_at),
    )


def _required(instant: datetime | None) -> datetime:
    assert instant is not None, "the protocol's validation gives every such step this moment"
    return instant
