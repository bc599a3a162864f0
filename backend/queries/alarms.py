"""The operator alarms that stand open. Raised and cleared by `backend.services.alarms`."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.models import OperatorAlarm

KINDS: Final = ("credentials", "provider_down", "provider_code", "uncomposable", "daily_limit", "sent_twice")
"""What a cause can begin with."""


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """Something only whoever runs the system can mend: since when, and how often it was noticed."""

    id: uuid.UUID
    cause: str
    detail: str
    raised_at: datetime
    last_at: datetime
    times: int

    @property
    def kind(self) -> str:
        """What sort of thing it is: `provider_code` of `provider_code/21408`."""
        return self.cause.partition("/")[0]

    @property
    def subject(self) -> str:
        """What it is about: `21408` of `provider_code/21408`; empty where the kind says it all."""
        return self.cause.partition("/")[2]


def open_alarms(session: Session, *, clinic_id: uuid.UUID | None = None) -> tuple[OpenAlarm, ...]:
    """Return the open alarms, oldest first, in one statement.

    With `clinic_id`, those that concern its staff: another clinic's daily limit does not.
    """
    statement = (
        select(
            OperatorAlarm.id,
            OperatorAlarm.cause,
            OperatorAlarm.detail,
            OperatorAlarm.raised_at,
            OperatorAlarm.last_at,
            OperatorAlarm.times,
        )
        .where(OperatorAlarm.cleared_at.is_(None))
        .order_by(OperatorAlarm.raised_at, OperatorAlarm.cause)
    )
    if clinic_id is not None:
        statement = statement.where(
            or_(
                OperatorAlarm.cause.not_like("daily_limit/%"),
                OperatorAlarm.cause == f"daily_limit/{clinic_id}",
            )
        )
    return tuple(OpenAlarm(*row) for row in session.execute(statement))
