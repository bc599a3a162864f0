"""What the fate of a text means for the patient's record.

Called with the outcomes of a batch in the transaction that records them, and for
each delivery report; the statuses themselves are the outbox's.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.models import CarePlan, CheckIn, OutboundMessage, Patient
from backend.outbox import Outcome, record_report
from backend.services.actors import Actor
from backend.services.alerts import raise_alerts
from backend.services.consent import record_consent
from backend.services.watching import raise_opted_out, raise_unreachable
from backend.triage import Finding
from notifications.gateway import DeliveryReport, ErrorClass
from schedules.protocol import Tier

_REACHED: Final = frozenset({"accepted", "sent", "delivered"})
_LOST: Final = frozenset({"failed", "undelivered", "expired"})
_MISSED_BY_PURPOSE: Final = {"safety": Tier.SAME_DAY, "written": Tier.NEXT_DAY, "ask": Tier.NEXT_DAY}
"""Texts whose loss a person must make good, and how soon; a lost reminder or piece of advice can wait."""
_LOST_REASON: Final = {
    "en": "A text did not reach the phone: call instead",
    "tr": "Bir mesaj telefona ulaşmadı: arayın",
}


def record_delivery(
    session: Session, message_id: uuid.UUID, attempt: int, report: DeliveryReport, *, now: datetime
) -> bool:
    """Take in a delivery report; return whether it changed anything."""
    outcome = record_report(session, message_id, attempt, report, now=now)
    if outcome is None:
        return False
    draw_conclusions(session, [outcome], now)
    return True


def draw_conclusions(session: Session, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Note that a question was asked, a patient opted out, a number is dead, a text that mattered lost."""
    asked = [outcome.message_id for outcome in outcomes if outcome.status in _REACHED]
    if asked:
        check_ins = select(OutboundMessage.check_in_id).where(
            OutboundMessage.id.in_(asked),
            OutboundMessage.purpose == "ask",
            OutboundMessage.check_in_id.is_not(None),
        )
        session.execute(
            update(CheckIn)
            .where(CheckIn.id.in_(check_ins), CheckIn.asked_at.is_(None))
            .values(asked_at=now)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            update(CheckIn)
            .where(CheckIn.id.in_(check_ins), CheckIn.status == "planned")
            .values(status="awaiting")
            .execution_options(synchronize_session=False)
        )
    for outcome in outcomes:
        if outcome.error_class is ErrorClass.OPTED_OUT:
            _opted_out(session, outcome, now)
        elif outcome.error_class is ErrorClass.BAD_NUMBER:
            _unreachable(session, outcome, now)
        elif outcome.status in _LOST:
            _lost(session, outcome, now)


def _lost(session: Session, outcome: Outcome, now: datetime) -> None:
    """Put a lost text that mattered in front of a nurse; several of one plan fold into one line."""
    purpose = session.scalars(
        select(OutboundMessage.purpose).where(OutboundMessage.id == outcome.message_id)
    ).one_or_none()
    tier = _MISSED_BY_PURPOSE.get(purpose or "")
    if purpose == "ask" and outcome.status == "expired":
        return  # its check-in is missed, and silence has rules of its own
    patient = _patient_of(session, outcome)
    if tier is None or patient is None:
        return
    finding = Finding("text_lost", tier, f"text_lost:{tier.value}", _LOST_REASON)
    for plan in _running_plans(session, patient):
        raise_alerts(session, plan, [finding], now=now)


def _patient_of(session: Session, outcome: Outcome) -> Patient | None:
    return session.scalars(
        select(Patient)
        .join(OutboundMessage, OutboundMessage.patient_id == Patient.id)
        .where(OutboundMessage.id == outcome.message_id)
    ).one_or_none()


def _running_plans(session: Session, patient: Patient) -> Sequence[CarePlan]:
    return session.scalars(
        select(CarePlan).where(CarePlan.patient_id == patient.id, CarePlan.status.in_(("active", "on_hold")))
    ).all()


def _opted_out(session: Session, outcome: Outcome, now: datetime) -> None:
    patient = _patient_of(session, outcome)
    if patient is None or patient.consent_state == "opted_out":
        return
    record_consent(
        session,
        Actor.system(patient.clinic_id),
        patient,
        state="opted_out",
        source="phone",
        wording=f"reported by the provider (code {outcome.code})",
        given_at=now,
        now=now,
    )
    for plan in _running_plans(session, patient):
        raise_opted_out(session, plan, now=now)


def _unreachable(session: Session, outcome: Outcome, now: datetime) -> None:
    patient = _patient_of(session, outcome)
    if patient is None or patient.phone_unreachable_since is not None:
        return
    patient.phone_unreachable_since = now
    for plan in _running_plans(session, patient):
        raise_unreachable(session, plan, now=now)
