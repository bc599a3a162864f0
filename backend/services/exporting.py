"""What a clinic takes with it: its patients, answers and outcomes as rows, and one patient's whole record.

Rows are read as they are asked for, so a clinic of any size fits; the caller writes them, never to a log.
Called by the command line, which records each export before it reads the first row.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from backend.db import Base
from backend.errors import NotFound
from backend.models import (
    Alert,
    AuditEvent,
    CarePlan,
    CheckIn,
    ConsentEvent,
    InboundMessage,
    MessageEvent,
    Milestone,
    Observation,
    OutboundMessage,
    Patient,
    PlanRevision,
    Procedure,
    Restriction,
)
from backend.services.actors import Actor, record

Exported = Mapping[str, Any]
"""One row: a column's name and its value, as the models hold it."""

_Rows = Select[*tuple[Any, ...]]

_AT_A_TIME: Final = 500

_OF_A_PATIENT: Final = (
    ConsentEvent,
    Procedure,
    CarePlan,
    PlanRevision,
    Milestone,
    Restriction,
    CheckIn,
    Observation,
    Alert,
    OutboundMessage,
    InboundMessage,
    AuditEvent,
)


def record_export(
    session: Session, actor: Actor, what: str, *, now: datetime, patient_id: uuid.UUID | None = None
) -> None:
    """Write down who takes what, and when; to be committed before anything is read."""
    subject, subject_id = ("patient", patient_id) if patient_id else ("clinic", actor.clinic_id)
    record(
        session, actor, "export", subject, subject_id, now=now, patient_id=patient_id, detail={"what": what}
    )


def rows_of(session: Session, what: str) -> Iterator[Exported]:
    """Yield the rows of one of KINDS, in the session's clinic; every row has the same columns."""
    statement = KINDS[what]().execution_options(yield_per=_AT_A_TIME)
    for row in session.execute(statement).mappings():
        yield dict(row)


def patient_called(session: Session, name: str) -> uuid.UUID:
    """Return the id of the patient with this id, or this `external_id`. Raises NotFound."""
    ways: list[ColumnElement[bool]] = [Patient.external_id == name]
    with suppress(ValueError):  # not an id of ours, so the clinic's own
        ways.append(Patient.id == uuid.UUID(name))
    found = session.scalars(select(Patient.id).where(or_(*ways)).limit(1)).one_or_none()
    if found is None:
        raise NotFound("this clinic has no patient of that id or external_id")
    return found


def record_of(session: Session, patient_id: uuid.UUID) -> Iterator[Exported]:
    """Yield everything kept about a person, texts and audit trail too; each row names its `table`."""
    statements: list[tuple[str, _Rows]] = [
        (Patient.__tablename__, select(*_columns(Patient)).where(Patient.id == patient_id)),
        *(
            (of.__tablename__, select(*_columns(of)).where(of.patient_id == patient_id))
            for of in _OF_A_PATIENT
        ),
        (MessageEvent.__tablename__, _why_logs(patient_id)),
    ]
    for table, statement in statements:
        for row in session.execute(statement.execution_options(yield_per=_AT_A_TIME)).mappings():
            yield {"table": table, **row}


def _why_logs(patient_id: uuid.UUID) -> _Rows:
    return (
        select(*_columns(MessageEvent))
        .join(OutboundMessage, OutboundMessage.id == MessageEvent.message_id)
        .where(OutboundMessage.patient_id == patient_id)
    )


def _columns(model: type[Base]) -> list[Any]:
    return [getattr(model, column.key) for column in model.__table__.columns]


def _patients() -> _Rows:
    return select(
        Patient.id,
        Patient.external_id,
        Patient.given_name,
        Patient.family_name,
        Patient.phone,
        Patient.language,
        Patient.timezone,
        Patient.birth_date,
        Patient.preferred_time,
        Patient.status,
        Patient.consent_state,
        Patient.consent_since,
        Patient.created_at,
    ).order_by(Patient.search_name, Patient.id)


def _answers() -> _Rows:
    return (
        select(
            Observation.patient_id,
            Patient.external_id,
            CarePlan.protocol,
            CarePlan.protocol_version,
            Procedure.performed_at,
            Procedure.region,
            Observation.day,
            Observation.question,
            Observation.value,
            Observation.source,
            Observation.observed_at,
        )
        .join(CarePlan, CarePlan.id == Observation.care_plan_id)
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .join(Patient, Patient.id == Observation.patient_id)
        .order_by(Observation.patient_id, Observation.observed_at, Observation.id)
    )


def _outcomes() -> _Rows:
    """One row a procedure: what was done, the pain before and as last told, the check-ins answered or not."""
    newest = (
        select(Observation.id)
        .where(Observation.care_plan_id == CarePlan.id, Observation.question == "pain")
        .order_by(Observation.observed_at.desc(), Observation.id)
        .limit(1)
        .correlate(CarePlan)
        .scalar_subquery()
    )
    return (
        select(
            Procedure.patient_id,
            Patient.external_id,
            CarePlan.protocol,
            CarePlan.protocol_version,
            CarePlan.status,
            Procedure.performed_at,
            Procedure.region,
            Procedure.levels,
            Procedure.technique,
            Procedure.anaesthesia,
            Procedure.baseline_pain,
            Observation.value.label("newest_pain"),
            Observation.day.label("newest_pain_day"),
            _check_ins("answered").label("check_ins_answered"),
            _check_ins("missed").label("check_ins_missed"),
        )
        .join(CarePlan, CarePlan.procedure_id == Procedure.id)
        .join(Patient, Patient.id == Procedure.patient_id)
        .outerjoin(Observation, Observation.id == newest)
        .order_by(Procedure.performed_at, Procedure.id)
    )


def _check_ins(status: str) -> Any:
    return (
        select(func.count(CheckIn.id))
        .where(CheckIn.care_plan_id == CarePlan.id, CheckIn.status == status)
        .correlate(CarePlan)
        .scalar_subquery()
    )


KINDS: Final[Mapping[str, Callable[[], _Rows]]] = {
    "patients": _patients,
    "answers": _answers,
    "outcomes": _outcomes,
}
"""What a clinic can take with it, apart from one patient's record."""
