"""The outbox as the dispatcher sees it: claim due texts, and record what came of them.

A claim is one conditional UPDATE, committed before anything is sent, so that any
number of workers on any number of machines never hold the same text. Both calls
open and commit their own transaction: one of the house's two exceptions by design.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Engine, TextualSelect, Uuid, bindparam, text, update
from sqlalchemy.orm import Session

from backend.db import UtcDateTime, transaction
from backend.models import OutboundMessage
from backend.outbox.attempts import read_attempts
from backend.outbox.queue import LogLine, log
from backend.outbox.states import sources_of
from notifications.dispatch import (
    Accepted,
    Claimed,
    Dropped,
    Failed,
    Postponed,
    Result,
    Retry,
    Uncomposable,
    Unknown,
)
from notifications.gateway import ErrorClass, classify

# The status is a literal: a bound one would keep PostgreSQL's generic plan off the partial index. And
# ANY(ARRAY(…)): with IN, the subselect may be planned as a semi-join that claims more than the limit
# (both measured, house.md). A clinic that switched sending off keeps its texts scheduled; safety texts go.
_DUE = """
    SELECT id FROM outbound_messages
    WHERE status = 'scheduled' AND due_at <= :now
    AND (ignores_quiet_hours OR clinic_id NOT IN (SELECT id FROM clinics WHERE NOT sending_enabled))
    ORDER BY due_at LIMIT :most"""
_TAKE = """
    UPDATE outbound_messages SET status = 'sending', attempt = attempt + 1, attempted_at = :now,
    lease_until = :lease_until
    WHERE {these} AND status = 'scheduled' RETURNING id"""
_INSTANT = UtcDateTime()


def _claim_statement(these: str) -> TextualSelect:
    return (
        text(_TAKE.format(these=these))
        .bindparams(bindparam("now", type_=_INSTANT), bindparam("lease_until", type_=_INSTANT))
        .columns(id=Uuid())
    )


_CLAIM: Final = {
    "postgresql": _claim_statement(f"id = ANY(ARRAY({_DUE} FOR UPDATE SKIP LOCKED))"),
    "sqlite": _claim_statement(f"id IN ({_DUE})"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, for whoever must draw the conclusions."""

    message_id: uuid.UUID
    status: str
    error_class: ErrorClass | None
    code: int | None


class Effects(Protocol):
    """What an outcome means for the patient's record; runs in the transaction that records it."""

    def __call__(self, session: Session, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Draw the conclusions of these outcomes."""
        ...


class SqlOutbox:
    """The dispatcher's port on the database; safe to use from several processes at once."""

    def __init__(self, engine: Engine, lease: timedelta, effects: Effects) -> None:
        self._engine = engine
        self._lease = lease
        self._effects = effects

    def claim(self, now: datetime, limit: int) -> Sequence[Claimed]:
        """Take up to `limit` due texts, oldest first, and commit that they are taken."""
        with transaction(self._engine) as session:
            ids = self._take(session, now, limit)
            if not ids:
                return ()
            return read_attempts(session, ids)

    def _take(self, session: Session, now: datetime, limit: int) -> list[uuid.UUID]:
        claim = _CLAIM[self._engine.dialect.name]
        taken = {"now": now, "lease_until": now + self._lease, "most": limit}
        return list(session.execute(claim, taken).scalars())

    def record(self, results: Sequence[Result], now: datetime) -> None:
        """Write down what came of claimed texts, in one transaction.

        A row that a callback has already moved on keeps the further status.
        """
        if not results:
            return
        with transaction(self._engine) as session:
            outcomes = [outcome for result in results if (outcome := _record_one(session, result, now))]
            self._effects(session, outcomes, now)


def _record_one(session: Session, result: Result, now: datetime) -> Outcome | None:
    status, values, error = _row_change(result, now)
    message_id = uuid.UUID(result.message_id)
    moved = session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.attempt == result.attempt,
            OutboundMessage.status.in_(sources_of(status)),
        )
        .values(status=status, lease_until=None, **values)
        .returning(OutboundMessage.clinic_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        if isinstance(result, Accepted):  # a callback was faster: keep its status, add what it did not know
            _note_receipt(session, message_id, result, now)
            return Outcome(message_id, "accepted", None, None)
        return None
    log(session, [LogLine(message_id, moved.clinic_id, status, result.attempt, values["why"])], now=now)
    return Outcome(message_id, status, *error)


def _note_receipt(session: Session, message_id: uuid.UUID, result: Accepted, now: datetime) -> None:
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, OutboundMessage.attempt == result.attempt)
        .values(
            provider_sid=result.receipt.provider_sid,
            body=result.body,
            segments=result.segments.count,
            sent_at=now,
        )
        .execution_options(synchronize_session=False)
    )


_Change = tuple[str, dict[str, Any], tuple[ErrorClass | None, int | None]]


def _row_change(result: Result, now: datetime) -> _Change:
    """Return the new status, the columns that go with it, and the error's class and code."""
    nothing: tuple[ErrorClass | None, int | None] = (None, None)
    match result:
        case Accepted():
            values = {
                "provider_sid": result.receipt.provider_sid,
                "body": result.body,
                "segments": result.segments.count,
                "sent_at": now,
                "why": "handed to the provider",
            }
            return "accepted", values, nothing
        case Postponed():
            # not an attempt: nothing was tried
            return (
                "scheduled",
                {"due_at": result.until, "attempt": result.attempt - 1, "why": result.why},
                nothing,
            )
        case Retry():
            return "scheduled", {"due_at": result.until, "body": result.body, "why": result.why}, nothing
        case Dropped():
            return result.status, {"why": result.why}, nothing
        case Failed():
            values = {"error_code": result.code, "body": result.body, "why": result.why}
            return "failed", values, (result.error_class, result.code)
        case Unknown():
            values = {"body": result.body, "segments": result.segments.count, "why": result.why}
            return "unknown", values, nothing
        case Uncomposable():
            return "failed", {"why": result.why}, (classify(None), None)
