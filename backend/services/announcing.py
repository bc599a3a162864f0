"""Telling a patient that a planned procedure has another date, or none any more.

Which text says so is the protocol's; without one nothing is said. Called by re-planning, in its transaction.
"""

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.outbox import NewMessage, enqueue, withdraw_texts
from backend.services.plan_terms import Terms
from notifications.compose import templates
from schedules.protocol import CareProtocol
from schedules.texts import wall_day, wall_minutes

_USEFUL_FOR: Final = timedelta(days=2)


def announce(
    session: Session,
    protocol: CareProtocol,
    before: Terms,
    after: Terms,
    revision_id: uuid.UUID,
    *,
    now: datetime,
) -> None:
    """Queue the text about a procedure that was still to come and has moved or been cancelled, if it has."""
    told = _what_to_say(before, after, now)
    template = protocol.procedure_texts.get(told) if told else None
    if template is None:
        return
    at = before.anchor_at if after.is_cancelled else after.anchor_at
    known = {
        "procedure_on": wall_day(at, after.clinic_zone),
        "procedure_at": wall_minutes(at, after.clinic_zone),
    }
    message = NewMessage(
        identity=_identity(after.plan_id, revision_id),
        patient_id=after.patient_id,
        care_plan_id=after.plan_id,
        purpose="inform",
        template=template,
        facts={name: known[name] for name in templates()[template].facts},
        due_at=now,
        expires_at=now + _USEFUL_FOR if after.is_cancelled else min(now + _USEFUL_FOR, at),
        why=f"the procedure was {told}",
    )
    enqueue(session, after.clinic_id, [message], now=now)


def take_back_unsent(session: Session, plan_id: uuid.UUID, revision_id: uuid.UUID, *, now: datetime) -> bool:
    """Withdraw what was announced of a change unless it has left; return whether nobody need be told."""
    announced = session.execute(
        select(OutboundMessage.id).where(OutboundMessage.identity == _identity(plan_id, revision_id))
    ).one_or_none()
    if announced is None:
        return True
    return bool(withdraw_texts(session, {announced.id: "not needed any more: it was taken back"}, now=now))


def _what_to_say(before: Terms, after: Terms, now: datetime) -> str | None:
    if after.is_cancelled:
        return None if before.is_cancelled else "cancelled"
    ahead = after.procedure_status == "planned" and after.anchor_at > now
    expected = before.procedure_status != "performed"
    changed = before.is_cancelled or before.anchor_at != after.anchor_at
    return "moved" if ahead and expected and changed else None


def _identity(plan_id: uuid.UUID, revision_id: uuid.UUID) -> str:
    return f"{plan_id}/procedure/changed/{revision_id}"
