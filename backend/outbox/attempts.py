"""An outbound message with all it takes to send it: the person, the words, the reasons against.

What only that moment knows is read here too: who else has the phone, in what regions the patient is followed.
Only reads. Taking it and recording what came of it is `dispatching`'s, finding it again `reconciling`'s.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session, aliased

from backend.models import CarePlan, CheckIn, Clinic, OutboundMessage, Patient, Procedure
from backend.outbox.batches import ids_as_parameter, ids_from
from notifications.compose import templates
from notifications.naming import Person, names_apart
from notifications.outbox_port import Claimed

_other_owner = aliased(Patient)
_other_plan = aliased(CarePlan)
_other_procedure = aliased(Procedure)
_SHARED: Final = (
    select(_other_owner.id)
    .where(
        _other_owner.phone == Patient.phone,
        _other_owner.id != Patient.id,
        _other_owner.status == "active",
    )
    .correlate(Patient)
    .exists()
)
_OTHER_PLAN: Final = and_(
    _other_plan.patient_id == CarePlan.patient_id,
    _other_plan.id != CarePlan.id,  # so that nothing more is read of patients with one plan: almost all
)
_TWO_PLANS: Final = select(_other_plan.id).where(_OTHER_PLAN).correlate(CarePlan).exists()
_TWO_REGIONS: Final = (
    select(_other_plan.id)
    .join(_other_procedure, _other_procedure.id == _other_plan.procedure_id)
    .where(_OTHER_PLAN, _other_plan.status == "active", _other_procedure.region != Procedure.region)
    .correlate(CarePlan, Procedure)
    .exists()
)
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
        OutboundMessage.check_in_id,
        CheckIn.asked_at,
        CheckIn.due_at.label("check_in_due_at"),
        Patient.phone,
        Patient.given_name,
        Patient.language,
        Patient.timezone,
        Patient.consent_state,
        Patient.consent_since,
        Patient.phone_unreachable_since,
        _SHARED.label("shares_phone"),
        CarePlan.status.label("plan_status"),
        _TWO_PLANS.label("two_plans"),
        Procedure.region,
        and_(OutboundMessage.check_in_id.is_not(None), _TWO_REGIONS).label("two_regions"),
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
    .outerjoin(Procedure, Procedure.id == CarePlan.procedure_id)
    .outerjoin(CheckIn, CheckIn.id == OutboundMessage.check_in_id)
)
_OF_THESE: Final = {
    dialect: _ATTEMPTS.where(OutboundMessage.id.in_(ids_from(dialect, "ids")))
    for dialect in ("postgresql", "sqlite")
}


def read_attempts(session: Session, ids: Collection[uuid.UUID]) -> list[Claimed]:
    """Return these messages as the dispatcher takes them, oldest due first."""
    rows = sorted(read_rows(session, ids), key=lambda row: (row.due_at, row.id))
    names = read_addressees(session, rows)
    return [as_claimed(row, names) for row in rows]


def read_rows(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Row[Any]]:
    """Return these messages with their people, plans and check-ins, in no order."""
    statement = _OF_THESE[session.get_bind().dialect.name]
    return session.execute(statement, {"ids": ids_as_parameter(ids)}).all()


def read_addressees(session: Session, rows: Sequence[Row[Any]]) -> Mapping[uuid.UUID, str]:
    """Return, by patient, what those are called on their phone who share it with others just now."""
    phones = {row.phone for row in rows if row.shares_phone}
    if not phones:
        return {}
    owners = session.execute(
        select(Patient.id, Patient.phone, Patient.given_name, Patient.family_name)
        .where(Patient.phone.in_(phones), Patient.status == "active")
        .order_by(Patient.created_at, Patient.id)
    )
    by_phone: dict[str, list[Any]] = defaultdict(list)
    for owner in owners:
        by_phone[owner.phone].append(owner)
    names: dict[uuid.UUID, str] = {}
    for sharing in by_phone.values():
        called = names_apart([Person(owner.given_name, owner.family_name) for owner in sharing])
        names |= {owner.id: name for owner, name in zip(sharing, called, strict=True)}
    return names


def as_claimed(row: Row[Any], addressees: Mapping[uuid.UUID, str]) -> Claimed:
    """Return one of these messages as the dispatcher takes it; `addressees` are of `read_addressees`."""
    return Claimed(
        message_id=str(row.id),
        attempt=row.attempt,
        to=row.phone or "",
        language=row.body_language or row.language or "en",
        template=_template(row),
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
        addressee=addressees.get(row.patient_id, row.given_name) if row.shares_phone else None,
    )


def _template(row: Row[Any]) -> str:
    """A patient who is followed in two regions is asked about one of them by name, where the words exist."""
    of_region = f"{row.template}_{row.region}"
    return of_region if row.two_regions and of_region in templates() else row.template or ""


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
