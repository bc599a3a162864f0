"""How claimed texts keep their distance from a patient's others: never a burst, never the older of two.

Finds out what went to the same patients lately, on any worker, and which late texts a newer one has
overtaken; how far apart texts stay is `notifications.decision`'s, what two plans of one patient say at once
`together`'s. Called by `dispatching` in the transaction
of a claim.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from backend.db import UtcDateTime
from backend.models import OutboundMessage
from backend.outbox.attempts import as_claimed, read_addressees, read_rows
from backend.outbox.batches import ids_as_parameter, ids_from
from backend.outbox.together import read_meetings
from notifications.decision import SPACING
from notifications.outbox_port import Claimed

NUDGE_AFTER: Final = timedelta(hours=4)
"""How long a patient has for an answer before a nudge, at most (clinical/nucleoplasty.md, section 3)."""
LATE_AFTER: Final = timedelta(hours=1)
"""From when on a text counts as late, so that a newer one of its step may take its place (proposed)."""

_QUESTION_WAITS: Final = timedelta(minutes=10)
_OVERTAKEN: Final = "not sent: late, and a newer text about the same has taken its place"
_NUDGE_WAITS: Final = "a nudge waits until its question has been out for a while"
# Two workers must not both find that nothing went to a patient. Not row locks on patients: a service that
# holds one and wants a message we hold would be a deadlock.
_LOCK_PATIENTS: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(patient, 0)) FROM"
    " (SELECT jsonb_array_elements_text(CAST(:patients AS jsonb)) AS patient ORDER BY 1) AS sorted"
)
_LAST_TEXTS: Final = {
    dialect: select(OutboundMessage.patient_id, func.max(OutboundMessage.attempted_at))
    .where(
        OutboundMessage.patient_id.in_(ids_from(dialect, "patients")),
        OutboundMessage.attempted_at > bindparam("since", type_=UtcDateTime()),
        OutboundMessage.id.not_in(ids_from(dialect, "claimed")),
        OutboundMessage.status.not_in(("scheduled", "cancelled", "expired")),
        or_(OutboundMessage.template.is_(None), OutboundMessage.template != "welcome"),
    )
    .group_by(OutboundMessage.patient_id)
    for dialect in ("postgresql", "sqlite")
}


def read_spaced(session: Session, ids: Sequence[uuid.UUID], now: datetime) -> list[Claimed]:
    """Return texts just claimed, urgent ones first and questions next, each with what it must wait for."""
    rows = sorted(read_rows(session, ids), key=_rank)
    overtaken = _overtaken(session, rows, now)
    last = _last_texts(session, ids, rows, now)
    names = read_addressees(session, rows)
    meetings = read_meetings(session, rows, now)
    still_asking = _still_asking(session, rows)
    spaced = []
    for row in rows:
        claimed = as_claimed(row, names)
        if row.id in overtaken and claimed.suppressed is None:
            claimed = replace(claimed, suppressed=_OVERTAKEN)
        claimed = meetings.settle(claimed, row, now)
        spaced.append(_spaced(claimed, row, last.get(row.patient_id), still_asking, now))
        if claimed.suppressed is None and row.template != "welcome":
            last[row.patient_id] = now
    return spaced


def _rank(row: Row[Any]) -> tuple[bool, bool, datetime, uuid.UUID]:
    return not row.ignores_quiet_hours, row.purpose != "ask", row.due_at, row.id


def _spaced(
    claimed: Claimed, row: Row[Any], last: datetime | None, still_asking: set[uuid.UUID], now: datetime
) -> Claimed:
    if row.ignores_quiet_hours or row.purpose == "written" or row.template == "welcome":
        return claimed  # an answer, a person's own words, or the greeting that comes first
    claimed = replace(claimed, last_text_at=last)
    if row.purpose != "nudge" or row.check_in_due_at is None:
        return claimed
    until = None
    if row.asked_at is not None:
        until = row.asked_at + min(row.due_at - row.check_in_due_at, NUDGE_AFTER)
    elif row.check_in_id in still_asking:
        until = now + _QUESTION_WAITS
    if until is None or (claimed.not_before is not None and claimed.not_before > until):
        return claimed
    return replace(claimed, not_before=until, not_before_why=_NUDGE_WAITS)


def _still_asking(session: Session, rows: Sequence[Row[Any]]) -> set[uuid.UUID]:
    """Which check-ins with a nudge here have a question that has not gone and still may: no lost one."""
    unasked = {row.check_in_id for row in rows if row.purpose == "nudge" and row.asked_at is None}
    if not unasked:
        return set()
    asking = select(OutboundMessage.check_in_id).where(
        OutboundMessage.check_in_id.in_(unasked),
        OutboundMessage.purpose == "ask",
        OutboundMessage.status.in_(("scheduled", "sending", "unknown")),
    )
    return {check_in_id for check_in_id in session.scalars(asking) if check_in_id is not None}


def _last_texts(
    session: Session, ids: Sequence[uuid.UUID], rows: Sequence[Row[Any]], now: datetime
) -> dict[uuid.UUID | None, datetime]:
    """When each patient last got a text that others must keep away from, apart from those just claimed."""
    patients = ids_as_parameter({row.patient_id for row in rows if row.patient_id is not None})
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        session.execute(_LOCK_PATIENTS, {"patients": patients})
    values = {"patients": patients, "since": now - SPACING, "claimed": ids_as_parameter(ids)}
    found = session.execute(_LAST_TEXTS[dialect], values)
    return {patient_id: at for patient_id, at in found if at is not None}


def _overtaken(session: Session, rows: Sequence[Row[Any]], now: datetime) -> set[uuid.UUID]:
    """Which late texts want to be the newest of their step, and are not."""
    late = [
        row.id
        for row in rows
        if row.lateness == "newest_only" and row.care_plan_id and row.due_at <= now - LATE_AFTER
    ]
    if not late:
        return set()
    newer = aliased(OutboundMessage)
    same = and_(
        newer.care_plan_id == OutboundMessage.care_plan_id,
        newer.step_key == OutboundMessage.step_key,
        newer.purpose == OutboundMessage.purpose,
        newer.due_at > OutboundMessage.due_at,
        newer.due_at <= now,
        newer.status.in_(("scheduled", "sending")),
    )
    found = select(OutboundMessage.id).where(
        OutboundMessage.id.in_(late), select(newer.id).where(same).exists()
    )
    return set(session.scalars(found))
