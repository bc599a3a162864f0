"""One attempt of unknown outcome: read as evidence, then taken as found or sent again.

Each change names in its WHERE clause the row as it was read, so that it does nothing where a callback or
another worker was faster. What the evidence proves is `evidence`'s, when to ask is `reconciling`'s.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from backend.models import OutboundMessage, Patient
from backend.outbox.asking import provable_at
from backend.outbox.attempts import read_attempts
from backend.outbox.dispatching import Outcome
from backend.outbox.evidence import CLOCK_WRONG_BY, CLOCKS_DIFFER_BY, Alike, Attempt
from backend.outbox.queue import LogLine, log
from backend.outbox.reports import record_report
from notifications.compose import CopyError
from notifications.gateway import DeliveryReport, Listing, ProviderMessage
from notifications.phone import PhoneNumber
from notifications.segments import segments
from notifications.wording import words_of

_OPEN: Final = ("sending", "unknown", "failed")  # without a provider's id, these may have left unseen
_ABSENT: Final = "the provider does not know it, so it never left: to be sent again"


def read_attempt(
    session: Session, message_id: uuid.UUID, number: int, to: PhoneNumber, *, absent_after: timedelta
) -> Attempt | None:
    """Read the attempt anew, after the list came; None when it is settled by now, or has no words.

    A text claimed up to `absent_after` before this one may have been created in its time.
    """
    row = session.execute(
        select(
            OutboundMessage.attempted_at,
            OutboundMessage.lease_until,
            OutboundMessage.template,
            OutboundMessage.purpose,
            OutboundMessage.patient_id,
            Patient.phone,
            Patient.updated_at,
        )
        .join(Patient, Patient.id == OutboundMessage.patient_id)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.attempt == number,
            OutboundMessage.status == "unknown",
        )
    ).one_or_none()
    if row is None or row.phone != to.e164:
        return None
    (claimed,) = read_attempts(session, [message_id])
    try:
        written_down = claimed.body if row.lease_until is None else None  # by the worker that sent it
        body = written_down or words_of(claimed)[0]
    except CopyError:
        return None
    rivals = _rivals(session, message_id, row, body, row.attempted_at - CLOCK_WRONG_BY - absent_after)
    earliest = row.attempted_at - CLOCKS_DIFFER_BY - absent_after
    return Attempt(
        message_id=message_id,
        number=number,
        to=to,
        body=body,
        recorded=claimed.body == body,
        moved=row.updated_at > row.attempted_at,
        attempted_at=row.attempted_at,
        provable_at=provable_at(row.attempted_at, row.lease_until, absent_after),
        alike=_alike(message_id, row, body, [rival for rival in rivals if rival.attempted_at >= earliest]),
        alone=not rivals,
    )


def _rivals(
    session: Session, message_id: uuid.UUID, row: Row[*tuple[Any, ...]], body: str, earliest: datetime
) -> Sequence[Any]:
    """Return other attempts since then at the same words to the same phone that may have left unseen."""
    same_words = or_(
        OutboundMessage.body == body,
        and_(OutboundMessage.body.is_(None), OutboundMessage.template == row.template),
    )
    may_have_left = and_(
        OutboundMessage.status.in_(_OPEN),
        or_(OutboundMessage.status != "failed", OutboundMessage.error_code.is_(None)),
    )
    return session.execute(
        select(
            OutboundMessage.id,
            OutboundMessage.status,
            OutboundMessage.body,
            OutboundMessage.purpose,
            OutboundMessage.patient_id,
            OutboundMessage.attempted_at,
        )
        .join(Patient, Patient.id == OutboundMessage.patient_id)
        .where(
            Patient.phone == row.phone,
            OutboundMessage.id != message_id,
            may_have_left,
            OutboundMessage.provider_sid.is_(None),
            OutboundMessage.attempted_at >= earliest,
            same_words,
        )
    ).all()


def _alike(
    message_id: uuid.UUID, row: Row[*tuple[Any, ...]], body: str, rivals: Sequence[Any]
) -> Alike | None:
    if not rivals:
        return None
    order = sorted([(row.attempted_at, message_id), *((rival.attempted_at, rival.id) for rival in rivals)])
    return Alike(
        count=len(order),
        place=order.index((row.attempted_at, message_id)),
        since=order[0][0],
        interchangeable=all(
            (rival.status, rival.body, rival.purpose, rival.patient_id)
            == ("unknown", body, row.purpose, row.patient_id)
            for rival in rivals
        ),
    )


def owned_by_others(session: Session, attempt: Attempt, listing: Listing) -> set[str]:
    """Return the provider ids of the list that belong to other messages of ours."""
    listed = [message.provider_sid for message in listing.messages]
    owners = select(OutboundMessage.provider_sid).where(
        OutboundMessage.provider_sid.in_(listed), OutboundMessage.id != attempt.message_id
    )
    return {sid for sid in session.scalars(owners) if sid is not None}


def adopt(
    session: Session, attempt: Attempt, message: ProviderMessage, *, now: datetime
) -> Sequence[Outcome]:
    """Take the provider's text as ours; nothing, if another worker, a callback or another row was faster."""
    owner = aliased(OutboundMessage)
    taken = (
        select(owner.id)
        .where(owner.provider_sid == message.provider_sid, owner.id != attempt.message_id)
        .exists()
    )
    adopted = session.execute(
        update(OutboundMessage)
        .where(*_still_unknown(attempt), ~taken)
        .values(
            provider_sid=message.provider_sid,
            body=attempt.body,
            segments=segments(attempt.body).count,
            sent_at=message.created_at,
        )
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if adopted is None:
        return ()
    report = DeliveryReport(message.provider_sid, message.status, message.error_code)
    note = ": found in its list"
    outcome = record_report(session, attempt.message_id, attempt.number, report, now=now, note=note)
    return () if outcome is None else (outcome,)


def send_again(session: Session, attempt: Attempt, *, now: datetime) -> int:
    """Put a text that never left back in the queue, in its old place; return how many that were.

    It keeps the time it was due at, so that no backlog goes before it a second time.
    """
    moved = session.execute(
        update(OutboundMessage)
        .where(*_still_unknown(attempt), OutboundMessage.expires_at > now)
        .values(status="scheduled", lease_until=None, ask_at=None, why=_ABSENT)
        .returning(OutboundMessage.clinic_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        return 0
    line = LogLine(attempt.message_id, moved.clinic_id, "scheduled", attempt.number, _ABSENT)
    log(session, [line], now=now)
    return 1


def _still_unknown(attempt: Attempt) -> tuple[Any, ...]:
    return (
        OutboundMessage.id == attempt.message_id,
        OutboundMessage.attempt == attempt.number,
        OutboundMessage.status == "unknown",
    )
