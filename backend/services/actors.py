"""Who acts, and the audit trail they leave."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.models import AuditEvent
from backend.models.rows import Row


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or process on whose behalf something is done, within one clinic."""

    account_id: uuid.UUID | None
    name: str
    clinic_id: uuid.UUID

    @classmethod
    def system(cls, clinic_id: uuid.UUID) -> "Actor":
        """Return the actor for what nobody in person did: jobs, webhooks, the demo."""
        return cls(account_id=None, name="system", clinic_id=clinic_id)


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    subject_id: uuid.UUID,
    *,
    now: datetime,
    patient_id: uuid.UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add a line to the audit trail. `detail` carries ids, codes and dates, never health data."""
    session.add(
        AuditEvent(
            **audit_row(actor, action, subject, subject_id, now=now, patient_id=patient_id, detail=detail)
        )
    )


def audit_row(
    actor: Actor,
    action: str,
    subject: str,
    subject_id: uuid.UUID,
    *,
    now: datetime,
    patient_id: uuid.UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> Row:
    """Return the line `record` adds, for whoever writes many at once."""
    return {
        "id": uuid.uuid4(),
        "clinic_id": actor.clinic_id,
        "at": now,
        "actor_id": actor.account_id,
        "actor": actor.name,
        "action": action,
        "subject": subject,
        "subject_id": subject_id,
        "patient_id": patient_id,
        "detail": detail or {},
    }
