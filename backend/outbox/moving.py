"""Texts of a plan whose dates change: moved, withdrawn, wanted again; whole batches in a few statements.

Only what certainly has not been sent is touched, and each change leaves its line of why. What a plan should
consist of is decided by `schedules.replan`; called by the services that re-plan.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.models.updating import update_rows
from backend.outbox.queue import LogLine, log

_WAITING: Final = "m.status = 'scheduled'"
_WITHDRAWN: Final = "m.status = 'cancelled' AND m.withdrawn_at IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedText:
    """A planned text as it should be from now on, and why."""

    id: uuid.UUID
    due_at: datetime
    expires_at: datetime
    template: str
    facts: Mapping[str, Any]
    lateness: str
    why: str


def move_texts(session: Session, texts: Sequence[MovedText], *, now: datetime) -> int:
    """Give texts that wait to be sent new dates and facts; return how many still waited."""
    return _schedule(session, texts, _WAITING, now)


def want_again(session: Session, texts: Sequence[MovedText], *, now: datetime) -> int:
    """Put texts back that their plan withdrew, with the dates they have now; return how many.

    The one way out of a final status: a text withdrawn by its own plan was certainly never sent.
    """
    return _schedule(session, texts, _WITHDRAWN, now)


def withdraw_texts(session: Session, whys: Mapping[uuid.UUID, str], *, now: datetime) -> int:
    """Cancel texts that their plan does not want as it is now, by id with the reason; return how many."""
    rows = [{"id": id_, "status": "cancelled", "why": why, "withdrawn_at": now} for id_, why in whys.items()]
    changed = update_rows(session, OutboundMessage, rows, only=_WAITING)
    _log(session, changed, "cancelled", whys, now)
    return len(changed)


def _schedule(session: Session, texts: Sequence[MovedText], only: str, now: datetime) -> int:
    rows = [
        {
            "id": text.id,
            "status": "scheduled",
            "due_at": text.due_at,
            "expires_at": text.expires_at,
            "template": text.template,
            "facts": dict(text.facts),
            "lateness": text.lateness,
            "why": text.why,
            "withdrawn_at": None,
            "body": None,  # an earlier attempt may have fixed words that name the old date
            "language": None,
        }
        for text in texts
    ]
    changed = update_rows(session, OutboundMessage, rows, only=only)
    _log(session, changed, "scheduled", {text.id: text.why for text in texts}, now)
    return len(changed)


def _log(
    session: Session,
    changed: Sequence[uuid.UUID],
    status: str,
    whys: Mapping[uuid.UUID, str],
    now: datetime,
) -> None:
    if not changed:
        return
    rows = session.execute(
        select(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt).where(
            OutboundMessage.id.in_(changed)
        )
    )
    log(
        session,
        [LogLine(row.id, row.clinic_id, status, row.attempt, whys[row.id]) for row in rows],
        now=now,
    )
