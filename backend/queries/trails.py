"""The audit trail of one patient: who did what, and when."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Trace:
    """One act; `actor` is the name at that time, `action` a verb such as `enrol`."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


def trail(session: Session, patient_id: uuid.UUID, *, limit: int = 50) -> tuple[Trace, ...]:
    """Return the newest acts that concern a patient, newest first, in one statement."""
    rows = session.execute(
        select(AuditEvent.at, AuditEvent.actor, AuditEvent.action, AuditEvent.subject, AuditEvent.detail)
        .where(AuditEvent.patient_id == patient_id)
        .order_by(AuditEvent.at.desc())
        .limit(limit)
    )
    return tuple(Trace(row.at, row.actor, row.action, row.subject, row.detail) for row in rows)
