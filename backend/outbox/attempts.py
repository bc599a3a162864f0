"""An outbound message with all it takes to send it: the person, the words, the reasons against.

Only reads. Taking it and recording what came of it is `dispatching`'s, finding it again `reconciling`'s.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from backend.models import CarePlan, CheckIn, Clinic, OutboundMessage, Patient
from backend.outbox.batches import ids_as_parameter, ids_from
from notifications.outbox_port import Claimed

_ATTEMPTS: Final[Select[*tuple[Any, ...]]] = (
    select(
        OutboundMessage.id,
        OutboundMessage.attempt,
        OutboundMessage.template,
        OutboundMessage.facts,
        OutboundMessage.body,
        OutboundMessage.purpose,
        OutboundMessage.language.label("body_language"),
        OutboundMessage.due_at,
        OutboundMessage.expires_at,
        OutboundMessage.lease_until,
        OutboundMessage.ignores_quiet_hours,
        OutboundMessage.ignores_opt_out,
        OutboundMessage.lateness,
        OutboundMessage.patient_id,
        OutboundMessage.care_plan_id,
        OutboundMessage.step_key,
        CheckIn.asked_at,
        CheckIn.due_at.label("check_in_due_at"),
        Patient.phone,
        Patient.given_name,
        Patient.language,
        Patient.timezone,
        Patient.consent_state,
        Patient.consent_since,
        Patient.phone_unreachable_since,
        CarePlan.status.label("plan_status"),
        Clinic.name.label("clinic"),
        Clinic.sender,
        Clinic.phone.label("clinic_phone"),
        Clinic.emergency_number,
        Clinic.window_start,
        Clinic.window_end,
    )
    .join(Clinic, Clinic.id == OutboundMessage.clinic_id)
    .outerjoin(Patient, Patient.id == OutboundMessage.patient_id)
    .outerjoin(CarePlan, CarePlan.id == OutboundMessage.care_plan_id)
    .outerjoin(CheckIn, CheckIn.id == OutboundMessage.check_in_id)
)
_OF_THESE: Final = {
    dialect: _ATTEMPTS.where(OutboundMessage.id.in_(ids_from(dialect, "ids")))
    for dialect in ("postgresql", "sqlite")
}


def read_attempts(session: Session, ids: Collection[uuid.UUID]) -> list[Claimed]:
    """Return these messages as the dispatcher takes them, oldest due first."""
    rows = sorted(read_rows(session, ids), key=lambda row: (row.due_at, row.id))
    return [as_claimed(row) for row in rows]


def read_rows(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Row[Any]]:
    """Return these messages with their people, plans and check-ins, in no order."""
    statement = _OF_THESE[session.get_bind().dialect.name]
    return session.execute(statement, {"ids": ids_as_parameter(ids)}).all()


def as_claimed(row: Row[Any]) -> Claimed:
    """Return one of these messages as the dispatcher takes it."""
    return Claimed(
        message_id=str(row.id),
        attempt=row.attempt,
        to=row.phone or "",
        language=row.body_language or row.language or "en",
        template=row.template or "",
        facts={
            "clinic": row.clinic,
            "given_name": row.given_name or "",
            "emergency_number": row.emergency_number,
            "clinic_phone": row.clinic_phone,
            **row.facts,
        },
        body=row.body,
        due_at=row.due_at,
        expires_at=row.expires_at,
        zone=row.timezone or "UTC",
        window_start=row.window_start,
        window_end=row.window_end,
        ignores_quiet_hours=row.ignores_quiet_hours,
        suppressed=_suppressed(row),
        lease_until=row.lease_until,
        sender=row.sender,
    )


def _suppressed(row: Row[Any]) -> str | None:
    """Say why this text must not go, judged at the moment of sending."""
    if row.ignores_opt_out:
        return None
    if row.consent_state == "opted_out":
        return f"not sent: opted out on {row.consent_since:%-d %B %Y}"
    if row.consent_state != "opted_in":
        return "not sent: no consent to texts is on record"
    if row.purpose == "safety":
        return None
    if row.phone_unreachable_since is not None:
        return f"not sent: the number has been unreachable since {row.phone_unreachable_since:%-d %B %Y}"
    if row.plan_status == "on_hold":
        return "not sent: the plan is on hold"
    if row.plan_status == "revoked":
        return "not sent: the plan was revoked"
    return None
