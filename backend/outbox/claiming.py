"""Which due texts one worker takes next: urgent ones first, then a fair share of every clinic's.

Reads who has texts due and what each clinic and sender may still have; the taking itself is `taking`'s, the
dealing `fairness`', a sender's pace `notifications.flow`'s. Called by `dispatching`.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from backend.db import UtcDateTime
from backend.models import Clinic, OutboundMessage
from backend.outbox.daily import count_texts, texts_on
from backend.outbox.fairness import Waiting, deal
from backend.outbox.senders import Senders
from backend.outbox.taking import TAKING, Taken
from notifications.flow import CALM, Standing, is_paused, room


@dataclass(frozen=True, slots=True)
class _Due:
    """A clinic with texts due; `today` is its own day."""

    clinic_id: uuid.UUID
    sender: str
    today: date
    daily_limit: int | None
    sends: bool


def claim(
    session: Session, senders: Senders, *, now: datetime, lease: timedelta, limit: int, turn: int
) -> list[uuid.UUID]:
    """Take up to `limit` due texts and return their ids.

    Urgent ones (safety, codes, answers) go before all others, whatever a clinic's switch or daily limit or
    its sender's rate say; only a sender that is paused holds them. `turn` counts claims, for fairness.
    """
    due = _clinics_with_texts_due(session, senders, now)
    standings = senders.standings(session) if due else {}
    due = [clinic for clinic in due if not is_paused(standings.get(clinic.sender, CALM), now)]
    if not due:
        return []
    taking, lease_until = TAKING[session.get_bind().dialect.name], now + lease
    taken = taking.urgent(
        session,
        [clinic.clinic_id for clinic in due],
        _most_urgent(due, standings, limit),
        now=now,
        lease_until=lease_until,
    )
    rooms = {
        clinic.sender: room(
            standings.get(clinic.sender, CALM), now, rate=senders.rate(clinic.sender), most=limit
        )
        for clinic in due
    }
    urgent = Counter(one.clinic_id for one in taken)
    waiting = [_waiting(session, clinic, urgent[clinic.clinic_id]) for clinic in due if clinic.sends]
    shares = deal(waiting, limit - len(taken), rooms, first=turn)
    if shares:
        taken += taking.shares(session, shares, now=now, lease_until=lease_until)
    _account_for(session, senders, due, taken, now)
    return [one.id for one in taken]


# A scalar subquery stays a probe of the index for each clinic; EXISTS may become a join over all texts.
_ONE_DUE: Final = (
    select(OutboundMessage.id)
    .where(
        OutboundMessage.clinic_id == Clinic.id,
        OutboundMessage.status == literal_column("'scheduled'"),
        OutboundMessage.due_at <= bindparam("now", type_=UtcDateTime()),
    )
    .order_by(OutboundMessage.due_at)  # or a planner that expects many may read the table for the first
    .limit(1)
    .scalar_subquery()
)
_CLINICS_DUE: Final = (
    select(
        Clinic.id,
        Clinic.sender,
        Clinic.timezone,
        Clinic.daily_text_limit,
        Clinic.sending_enabled,
    )
    .where(_ONE_DUE.is_not(None))
    .order_by(Clinic.id)
)


def _clinics_with_texts_due(session: Session, senders: Senders, now: datetime) -> list[_Due]:
    return [
        _Due(
            row.id,
            row.sender or senders.default,
            now.astimezone(ZoneInfo(row.timezone)).date(),
            row.daily_text_limit,
            row.sending_enabled,
        )
        for row in session.execute(_CLINICS_DUE, {"now": now})
    ]


def _most_urgent(due: Sequence[_Due], standings: Mapping[str, Standing], limit: int) -> int:
    """A sender that has just been down is probed with few."""
    ramps = [standings[clinic.sender].ramp for clinic in due if clinic.sender in standings]
    return min([limit, *(ramp for ramp in ramps if ramp is not None)])


def _waiting(session: Session, clinic: _Due, urgent: int) -> Waiting:
    if clinic.daily_limit is None:
        return Waiting(clinic.clinic_id, clinic.sender)
    left = clinic.daily_limit - texts_on(session, clinic.clinic_id, clinic.today) - urgent
    return Waiting(clinic.clinic_id, clinic.sender, max(left, 0))


def _account_for(
    session: Session, senders: Senders, due: Sequence[_Due], taken: Sequence[Taken], now: datetime
) -> None:
    counts = Counter(one.clinic_id for one in taken)
    by_sender: Counter[str] = Counter()
    for clinic in due:
        count = counts[clinic.clinic_id]
        by_sender[clinic.sender] += count
        if count and clinic.daily_limit is not None:
            count_texts(session, clinic.clinic_id, clinic.today, count)
    senders.reserve(session, +by_sender, now)
