"""What arrives after a send: the provider's delivery reports, and leases that ran out."""

import uuid
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.outbox.dispatching import Outcome
from backend.outbox.queue import LogLine, log
from backend.outbox.states import sources_of
from notifications.gateway import DeliveryReport, ErrorClass, classify

_OURS: Final = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}
"""The provider's words for a message's status, and ours."""

_WORDS: Final = {
    "accepted": "the provider has it",
    "sent": "on its way",
    "delivered": "delivered to the phone",
    "undelivered": "the phone did not get it",
    "failed": "the provider gave up on it",
    "expired": "too late: it expired in the provider's queue",
}


def record_report(
    session: Session,
    message_id: uuid.UUID,
    attempt: int,
    report: DeliveryReport,
    *,
    now: datetime,
    note: str = "",
) -> Outcome | None:
    """Move a message up to what the provider reports; None when that changes nothing.

    Reports come twice, out of order, before our own commit and for an older attempt;
    a status never goes back, whichever order they come in. `note` says, behind the
    reason, how we learnt of it.
    """
    error_class = classify(report.error_code) if report.error_code is not None else None
    status = _OURS.get(report.status)
    if error_class is ErrorClass.EXPIRED and status in {"failed", "undelivered"}:
        status = "expired"
    if status is None:
        return None
    why = _WORDS[status] + (f" (code {report.error_code})" if report.error_code else "") + note
    values: dict[str, Any] = {"status": status, "why": why, "lease_until": None}
    if report.error_code is not None:
        values["error_code"] = report.error_code
    if status == "delivered":
        values["delivered_at"] = now
    if report.provider_sid:
        values["provider_sid"] = report.provider_sid
    moved = session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, OutboundMessage.status.in_(sources_of(status)))
        .values(**values)
        .returning(OutboundMessage.clinic_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        return None
    log(session, [LogLine(message_id, moved.clinic_id, status, attempt, why)], now=now)
    return Outcome(message_id, status, error_class, report.error_code)


def expire_leases(session: Session, *, now: datetime) -> int:
    """Move texts whose worker died while sending to `unknown`; return how many.

    Never back to `scheduled`: the provider may have taken them.
    """
    why = "the worker stopped while sending: whether it went is not known yet"
    lost = session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.status == "sending", OutboundMessage.lease_until <= now)
        .values(status="unknown", why=why, lease_until=None)
        .returning(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    log(session, [LogLine(row.id, row.clinic_id, "unknown", row.attempt, why) for row in lost], now=now)
    return len(lost)


def give_up_unknown(session: Session, *, now: datetime) -> list[Outcome]:
    """Close texts of unknown outcome that are too late to be useful, so that a person sees them."""
    why = "whether it was sent was never confirmed, and it is too late to send it again"
    ids = session.scalars(
        select(OutboundMessage.id).where(
            OutboundMessage.status == "unknown", OutboundMessage.expires_at <= now
        )
    ).all()
    closed = session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids), OutboundMessage.status == "unknown")
        .values(status="failed", why=why)
        .returning(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    log(session, [LogLine(row.id, row.clinic_id, "failed", row.attempt, why) for row in closed], now=now)
    return [Outcome(row.id, "failed", ErrorClass.OTHER, None) for row in closed]


def forget_codes(session: Session, *, now: datetime) -> int:
    """Blank the sign-in codes that can no longer be used, so that none stays readable; return how many."""
    blanked = session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.purpose == "sign_in",
            OutboundMessage.template.is_not(None),
            OutboundMessage.status.not_in(("scheduled", "sending")),
            OutboundMessage.expires_at < now,
        )
        .values(facts={}, body="", template=None)
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(blanked)
