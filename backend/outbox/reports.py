"""What the provider reports of a text, by callback, in its list or when it is asked: statuses only move up.

Reports come twice, out of order, before our own commit, for an older attempt, or never. What they mean for
the patient is `backend.services.delivery`'s. Called by it, by `settling` and by `polling`.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, true, update
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.outbox.asking import REPORT_OVERDUE_AFTER
from backend.outbox.dispatching import Outcome
from backend.outbox.doubles import note_second_text
from backend.outbox.queue import LogLine, log
from backend.outbox.states import FINAL, sources_of
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


_FAILING: Final = frozenset({"undelivered", "failed", "expired"})


def record_report(
    session: Session,
    message_id: uuid.UUID,
    attempt: int,
    report: DeliveryReport,
    *,
    now: datetime,
    note: str = "",
) -> Outcome | None:
    """Move a message up to what the provider reports; None when that says nothing new.

    A report is proof that its attempt left, whatever we believed: a text that waits to be sent again is not.
    Only that an earlier attempt failed says nothing while a later one is on its way. `attempt` is the one the
    report is about, 0 if it does not say; `note` tells, behind the reason, how we learnt of it.
    """
    error_class = classify(report.error_code) if report.error_code is not None else None
    status = _OURS.get(report.status)
    if error_class is ErrorClass.EXPIRED and status in {"failed", "undelivered"}:
        status = "expired"
    if status is None:
        return None
    why = _WORDS[status] + (f" (code {report.error_code})" if report.error_code else "") + note
    values: dict[str, Any] = {
        "status": status,
        "why": why,
        "lease_until": None,
        "ask_at": None if status in FINAL else now + REPORT_OVERDUE_AFTER,
    }
    if report.error_code is not None:
        values["error_code"] = report.error_code
    if status == "delivered":
        values["delivered_at"] = now
    concerned = [
        OutboundMessage.id == message_id,
        OutboundMessage.status.in_(sources_of(status)),
        OutboundMessage.status != "scheduled" if attempt < 1 else true(),
    ]
    if status in _FAILING and attempt:
        concerned.append(or_(OutboundMessage.attempt <= attempt, OutboundMessage.status == "scheduled"))
    sid = report.provider_sid or None
    same_text = or_(OutboundMessage.provider_sid.is_(None), OutboundMessage.provider_sid == sid)
    sent_twice = False
    clinic_id = _move(session, [*concerned, same_text], values | ({"provider_sid": sid} if sid else {}))
    if clinic_id is None:  # moved before, or known by another id at the provider
        sent_twice = note_second_text(session, message_id, attempt, sid, now=now)
        clinic_id = _move(session, concerned, values)
    if clinic_id is not None:
        log(session, [LogLine(message_id, clinic_id, status, attempt, why)], now=now)
        return Outcome(message_id, status, error_class, report.error_code, sent_twice=sent_twice)
    if sent_twice:
        return Outcome(message_id, _status_of(session, message_id), None, None, sent_twice=True)
    return None


def _move(session: Session, concerned: list[ColumnElement[bool]], values: dict[str, Any]) -> uuid.UUID | None:
    """Change the one row that is concerned, if it is; return its clinic."""
    return session.execute(
        update(OutboundMessage)
        .where(*concerned)
        .values(**values)
        .returning(OutboundMessage.clinic_id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()


def _status_of(session: Session, message_id: uuid.UUID) -> str:
    return session.scalars(select(OutboundMessage.status).where(OutboundMessage.id == message_id)).one()
