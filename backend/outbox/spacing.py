"""How claimed texts keep their distance from a patient's others: never a burst, never the older of two.

Finds out what went to the same patients lately, on any worker, and which texts a newer one has overtaken; how
far apart texts stay is `notifications.decision`'s. Called by `dispatching` in the transaction of a claim.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from backend.models import CheckIn, OutboundMessage
from notifications.decision import SPACING
from notifications.outbox_port import Claimed

NUDGE_AFTER: Final = timedelta(hours=4)
"""How long a patient has for an answer before a nudge, at most (clinical/nucleoplasty.md, section 3)."""

_QUESTION_WAITS: Final = timedelta(minutes=10)
_WAITED_LONG: Final = timedelta(hours=1)
_OVERTAKEN: Final = "not sent: late, and a newer text about the same has taken its place"
_NUDGE_WAITS: Final = "a nudge waits until its question has been out for a while"
_NEVER_LEFT: Final = ("scheduled", "cancelled", "expired")
# Two workers must not both find that nothing went to a patient. Not row locks on patients: a service that
# holds one and wants a message we hold would be a deadlock.
_LOCK_PATIENTS: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(patient, 0)) FROM"
    " (SELECT jsonb_array_elements_text(CAST(:patients AS jsonb)) AS patient ORDER BY 1) AS sorted"
)


def keep_distances(session: Session, claimed: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Return the texts, urgent ones first and questions next, each with what it must wait for."""
    rows = {row.id: row for row in session.execute(_about(claimed, now))}
    patients = sorted({str(row.patient_id) for row in rows.values() if row.patient_id is not None})
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK_PATIENTS, {"patients": json.dumps(patients)}).all()
    last = _last_texts(session, rows, now)
    spaced = []
    for one in sorted(claimed, key=lambda one: _rank(one, rows)):
        row = rows[uuid.UUID(one.message_id)]
        spaced.append(_spaced(one, row, last.get(row.patient_id), now))
        if row.patient_id is not None and row.template != "welcome" and not row.overtaken:
            last[row.patient_id] = now
    return spaced


def _rank(claimed: Claimed, rows: Mapping[uuid.UUID, Row[Any]]) -> tuple[bool, bool, datetime]:
    asks = rows[uuid.UUID(claimed.message_id)].purpose == "ask"
    return not claimed.ignores_quiet_hours, not asks, claimed.due_at


def _spaced(claimed: Claimed, row: Row[Any], last: datetime | None, now: datetime) -> Claimed:
    if row.overtaken and claimed.suppressed is None:
        return replace(claimed, suppressed=_OVERTAKEN)
    if row.ignores_quiet_hours or row.purpose == "written" or row.template == "welcome":
        return claimed  # an answer, a person's own words, or the greeting that comes first
    if row.purpose == "nudge" and row.check_in_due_at is not None:
        planned = min(claimed.due_at - row.check_in_due_at, NUDGE_AFTER)
        until = now + _QUESTION_WAITS if row.asked_at is None else row.asked_at + planned
        return replace(claimed, last_text_at=last, not_before=until, not_before_why=_NUDGE_WAITS)
    return replace(claimed, last_text_at=last)


def _about(claimed: Sequence[Claimed], now: datetime) -> Any:
    return (
        select(
            OutboundMessage.id,
            OutboundMessage.patient_id,
            OutboundMessage.purpose,
            OutboundMessage.template,
            OutboundMessage.ignores_quiet_hours,
            CheckIn.asked_at,
            CheckIn.due_at.label("check_in_due_at"),
            _overtaken(now).label("overtaken"),
        )
        .outerjoin(CheckIn, CheckIn.id == OutboundMessage.check_in_id)
        .where(OutboundMessage.id.in_([uuid.UUID(one.message_id) for one in claimed]))
    )


def _overtaken(now: datetime) -> ColumnElement[bool]:
    """A late text that wants to be the newest of its step, and is not."""
    newer = aliased(OutboundMessage)
    same = and_(
        newer.care_plan_id == OutboundMessage.care_plan_id,
        newer.step_key == OutboundMessage.step_key,
        newer.purpose == OutboundMessage.purpose,
        newer.due_at > OutboundMessage.due_at,
        newer.due_at <= now,
        newer.status.in_(("scheduled", "sending")),
    )
    late = and_(
        OutboundMessage.lateness == "newest_only",
        OutboundMessage.care_plan_id.is_not(None),
        OutboundMessage.due_at <= now - _WAITED_LONG,
    )
    # CASE, so that the texts of a plan are looked through for late ones only
    return case((late, select(newer.id).where(same).exists()), else_=False)


def _last_texts(
    session: Session, rows: dict[uuid.UUID, Row[Any]], now: datetime
) -> dict[uuid.UUID | None, datetime]:
    """When each patient last got a text that others must keep away from, apart from those just claimed."""
    patients = {row.patient_id for row in rows.values() if row.patient_id is not None}
    recent = (
        select(OutboundMessage.patient_id, func.max(OutboundMessage.attempted_at))
        .where(
            OutboundMessage.patient_id.in_(patients),
            OutboundMessage.attempted_at > now - SPACING,
            OutboundMessage.id.not_in(list(rows)),
            OutboundMessage.status.not_in(_NEVER_LEFT),
            or_(OutboundMessage.template.is_(None), OutboundMessage.template != "welcome"),
        )
        .group_by(OutboundMessage.patient_id)
    )
    return {patient_id: at for patient_id, at in session.execute(recent) if at is not None}
