"""Whose turn it is to be asked about: taken by pushing `ask_at` ahead, so that workers share the questions.

Nobody owns a text by that: two workers that ask about one all the same do no harm, since every change
names the state it was read in. Called by what asks the provider: `reconciling`, `polling`, `redacting`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, TextClause, select, update
from sqlalchemy.orm import Session

from backend.models import OutboundMessage, Patient
from backend.outbox.asking import HELD_FOR

Turn = Row[*tuple[Any, ...]]
"""One text to be asked about, as it was read."""


def take_turns(
    session: Session, *which: ColumnElement[bool] | TextClause, now: datetime, most: int
) -> Sequence[Turn]:
    """Take up to `most` of the texts that `which` describes, longest waiting first.

    The rows carry id, clinic_id, attempt, status, attempted_at, lease_until, sent_at, provider_sid, phone.
    """
    rows = session.execute(
        select(
            OutboundMessage.id,
            OutboundMessage.clinic_id,
            OutboundMessage.attempt,
            OutboundMessage.status,
            OutboundMessage.attempted_at,
            OutboundMessage.lease_until,
            OutboundMessage.sent_at,
            OutboundMessage.provider_sid,
            Patient.phone,
        )
        .outerjoin(Patient, Patient.id == OutboundMessage.patient_id)
        .where(*which)
        .order_by(OutboundMessage.ask_at, OutboundMessage.id)
        .limit(most)
        .with_for_update(of=OutboundMessage, skip_locked=True)
    ).all()
    if rows:
        session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id.in_([row.id for row in rows]))
            .values(ask_at=now + HELD_FOR)
            .execution_options(synchronize_session=False)
        )
    return rows


def ask_again(session: Session, turn: Turn, moment: datetime | None, **values: Any) -> bool:
    """Write down when to ask next, None for never, unless the text has moved on since the turn was taken.

    Returns whether it was still as the turn read it; `values` are columns that change along.
    """
    held = session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == turn.id,
            OutboundMessage.attempt == turn.attempt,
            OutboundMessage.status == turn.status,
        )
        .values(ask_at=moment, **values)
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return held is not None
