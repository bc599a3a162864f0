"""Writing down what came of claimed texts, a whole batch in a few statements.

Each change names the attempt and the statuses it may start from, so that a row that a callback or another
worker has moved on keeps its further status. What an outcome means for the patient is `Effects`'.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, TextualSelect, Uuid, or_, text, update
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.outbox.asking import GRACE, REPORT_OVERDUE_AFTER
from backend.outbox.batches import as_parameter, rows_from
from backend.outbox.daily import take_off
from backend.outbox.doubles import note_second_text
from backend.outbox.queue import LogLine, log
from backend.outbox.states import TRANSITIONS, sources_of
from notifications.gateway import ErrorClass, classify
from notifications.outbox_port import (
    Accepted,
    Dropped,
    Failed,
    Postponed,
    Result,
    Retry,
    Uncomposable,
    Unknown,
)

_NOT_SENT: Final = (Postponed, Dropped, Retry, Failed, Uncomposable)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, for whoever must draw the conclusions.

    `sent_twice`: two attempts at this text are known to have left. `asks`: it may be a check-in's question.
    """

    message_id: uuid.UUID
    status: str
    error_class: ErrorClass | None
    code: int | None
    sent_twice: bool = False
    asks: bool = True


@dataclass(frozen=True, slots=True)
class _Moved:
    """What we need to know of a row that moved."""

    clinic_id: uuid.UUID
    asks: bool


@dataclass(frozen=True, slots=True)
class _Change:
    """A row's new status and the columns that go with it; None leaves a column as it is."""

    status: str
    why: str
    due_at: datetime | None = None
    untried: int = 0  # attempts to take back, because nothing was tried
    body: str | None = None
    segments: int | None = None
    provider_sid: str | None = None
    sent_at: datetime | None = None
    error_class: ErrorClass | None = None
    error_code: int | None = None
    ask_at: datetime | None = None


def record(session: Session, results: Sequence[Result], *, redact: bool, now: datetime) -> list[Outcome]:
    """Write down what came of claimed texts and return the outcomes that hold.

    `redact` marks what the provider took, or may have taken, so that its words are emptied there later.
    """
    changes = {uuid.UUID(result.message_id): (result, _change(result, now)) for result in results}
    moved: dict[uuid.UUID, _Moved] = {}
    for status in sorted({change.status for _, change in changes.values()}):
        rows = [
            _row(message_id, result.attempt, change)
            for message_id, (result, change) in changes.items()
            if change.status == status
        ]
        moved |= _move(session, status, rows, redact=redact and status in {"accepted", "unknown"})
    lines, unsent, outcomes = [], [], []
    for message_id, (result, change) in changes.items():
        row = moved.get(message_id)
        if row is not None:
            lines.append(LogLine(message_id, row.clinic_id, change.status, result.attempt, change.why))
            outcomes.append(
                Outcome(message_id, change.status, change.error_class, change.error_code, asks=row.asks)
            )
            if isinstance(result, _NOT_SENT):
                unsent.append(row.clinic_id)
        elif isinstance(result, Accepted):  # a callback was faster
            outcomes.append(_note_receipt(session, message_id, result, redact=redact, now=now))
    log(session, lines, now=now)
    take_off(session, unsent, now)
    return outcomes


def _change(result: Result, now: datetime) -> _Change:
    match result:
        case Accepted():
            return _Change(
                "accepted",
                "handed to the provider",
                provider_sid=result.receipt.provider_sid,
                body=result.body,
                segments=result.segments.count,
                sent_at=now,
                ask_at=now + REPORT_OVERDUE_AFTER,
            )
        case Postponed():
            return _Change("scheduled", result.why, due_at=result.until, untried=1)
        case Retry():
            return _Change("scheduled", result.why, due_at=result.until, body=result.body)
        case Dropped():
            return _Change(result.status, result.why)
        case Failed():
            return _Change(
                "failed",
                result.why,
                body=result.body,
                error_class=result.error_class,
                error_code=result.code,
            )
        case Unknown():
            return _Change(
                "unknown",
                result.why,
                body=result.body,
                segments=result.segments.count,
                ask_at=now + GRACE,
            )
        case Uncomposable():
            return _Change("failed", result.why, error_class=classify(None))


_COLUMNS: Final = {
    "message_id": "uuid",
    "tried": "int",
    "why": "text",
    "due_at": "timestamptz",
    "untried": "int",
    "body": "text",
    "segments": "int",
    "provider_sid": "text",
    "sent_at": "timestamptz",
    "error_code": "int",
    "ask_at": "timestamptz",
}
_KEPT: Final = ("due_at", "body", "segments", "provider_sid", "sent_at", "error_code")


def _statement(dialect: str, status: str) -> TextualSelect:
    kept = ", ".join(f"{name} = coalesce(r.{name}, m.{name})" for name in _KEPT)
    sources = ", ".join(f"'{source}'" for source in sources_of(status))
    update_rows = (
        f"UPDATE outbound_messages AS m SET status = '{status}', why = r.why, lease_until = NULL,"  # noqa: S608 - names of ours only
        f" attempt = attempt - r.untried, ask_at = r.ask_at, redact = :redact, {kept}"
        f" FROM {rows_from(dialect, _COLUMNS)}"
        f" WHERE id = r.message_id AND attempt = r.tried AND status IN ({sources})"
        " RETURNING id, clinic_id, purpose"
    )
    return text(update_rows).columns(id=Uuid(), clinic_id=Uuid(), purpose=String())


_STATEMENTS: Final = {
    (dialect, status): _statement(dialect, status)
    for dialect in ("postgresql", "sqlite")
    for status in TRANSITIONS
}


def _move(
    session: Session, status: str, rows: Sequence[Mapping[str, Any]], *, redact: bool
) -> dict[uuid.UUID, _Moved]:
    """Move these rows to `status`; return those that moved."""
    statement = _STATEMENTS[session.get_bind().dialect.name, status]
    moved = session.execute(statement, {"rows": as_parameter(session, rows), "redact": redact})
    return {row.id: _Moved(row.clinic_id, row.purpose == "ask") for row in moved}


def _row(message_id: uuid.UUID, attempt: int, change: _Change) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "tried": attempt,
        "why": change.why,
        "due_at": change.due_at,
        "untried": change.untried,
        "body": change.body,
        "segments": change.segments,
        "provider_sid": change.provider_sid,
        "sent_at": change.sent_at,
        "error_code": change.error_code,
        "ask_at": change.ask_at,
    }


def _note_receipt(
    session: Session, message_id: uuid.UUID, result: Accepted, *, redact: bool, now: datetime
) -> Outcome:
    """Add what a callback did not know to a row it has moved already, and see whether two attempts left."""
    sid = result.receipt.provider_sid
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.attempt == result.attempt,
            or_(OutboundMessage.provider_sid.is_(None), OutboundMessage.provider_sid == sid),
        )
        .values(
            provider_sid=sid,
            body=result.body,
            segments=result.segments.count,
            sent_at=now,
            redact=redact,
        )
        .execution_options(synchronize_session=False)
    )
    twice = note_second_text(session, message_id, result.attempt, sid, now=now)
    return Outcome(message_id, "accepted", None, None, sent_twice=twice)
