"""Putting texts into the outbox, moving them, taking them back, and the log of why."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.models.rows import insert_rows
from backend.outbox.batches import as_parameter, rows_from


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line for a message's why-log."""

    message_id: uuid.UUID
    clinic_id: uuid.UUID
    status: str
    attempt: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """One text to put in the outbox. `identity` is what it is about; the same one is never queued twice."""

    identity: str
    patient_id: uuid.UUID | None
    purpose: str
    due_at: datetime
    expires_at: datetime
    template: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    body: str | None = None
    language: str | None = None
    care_plan_id: uuid.UUID | None = None
    check_in_id: uuid.UUID | None = None
    milestone_id: uuid.UUID | None = None
    step_key: str | None = None
    ignores_quiet_hours: bool = False
    ignores_opt_out: bool = False
    lateness: str = "late"
    written_by: uuid.UUID | None = None
    why: str = ""


def enqueue(session: Session, clinic_id: uuid.UUID, messages: Sequence[NewMessage], *, now: datetime) -> int:
    """Put texts in the outbox, in the caller's transaction, and return how many were new.

    An identity that is already there, in whatever status, is left as it is.
    """
    if not messages:
        return 0
    known = set(
        session.scalars(
            select(OutboundMessage.identity).where(
                OutboundMessage.identity.in_([message.identity for message in messages])
            )
        )
    )
    new = [message for message in messages if message.identity not in known]
    enqueue_first(session, clinic_id, new, now=now)
    return len(new)


def enqueue_first(
    session: Session, clinic_id: uuid.UUID, messages: Iterable[NewMessage], *, now: datetime
) -> None:
    """Put texts in the outbox whose identities cannot be there: those of plans just made."""
    rows = [_row(clinic_id, message, now) for message in messages]
    insert_rows(session, OutboundMessage, rows)
    lines = [LogLine(row["id"], clinic_id, row["status"], 0, row["why"]) for row in rows if row["why"]]
    log(session, lines, now=now)


def _row(clinic_id: uuid.UUID, message: NewMessage, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "clinic_id": clinic_id,
        "identity": message.identity,
        "patient_id": message.patient_id,
        "care_plan_id": message.care_plan_id,
        "check_in_id": message.check_in_id,
        "milestone_id": message.milestone_id,
        "step_key": message.step_key,
        "purpose": message.purpose,
        "template": message.template,
        "facts": dict(message.facts),
        "body": message.body,
        "language": message.language,
        "ignores_quiet_hours": message.ignores_quiet_hours,
        "ignores_opt_out": message.ignores_opt_out,
        "lateness": message.lateness,
        "written_by": message.written_by,
        "status": "scheduled",
        "why": message.why,
        "due_at": message.due_at,
        "expires_at": message.expires_at,
        "created_at": now,
    }


def cancel(
    session: Session,
    why: str,
    *,
    now: datetime,
    care_plan_id: uuid.UUID | None = None,
    check_in_id: uuid.UUID | None = None,
    milestone_id: uuid.UUID | None = None,
    due_before: datetime | None = None,
    may_return: bool = False,
) -> int:
    """Cancel what has not been sent yet of a plan, a check-in or a milestone; return how many.

    `due_before` limits it to what was due by then; what `may_return` comes back if its
    plan moves to a day still to come. A message already claimed by a worker is left to
    it. Raises ValueError when nothing says whose messages are meant.
    """
    wanted = [
        column == value
        for column, value in (
            (OutboundMessage.care_plan_id, care_plan_id),
            (OutboundMessage.check_in_id, check_in_id),
            (OutboundMessage.milestone_id, milestone_id),
        )
        if value is not None
    ]
    if not wanted:
        raise ValueError("cancel needs a plan, a check-in or a milestone")
    if due_before is not None:
        wanted.append(OutboundMessage.due_at <= due_before)
    changed = session.execute(
        update(OutboundMessage)
        .where(*wanted, OutboundMessage.status == "scheduled")
        .values(status="cancelled", why=why, withdrawn_at=now if may_return else None)
        .returning(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    log(session, [LogLine(row.id, row.clinic_id, "cancelled", row.attempt, why) for row in changed], now=now)
    return len(changed)


def reschedule(
    session: Session,
    identity: str,
    *,
    due_at: datetime,
    expires_at: datetime,
    facts: Mapping[str, Any],
    template: str,
    lateness: str,
    why: str,
    now: datetime,
) -> bool:
    """Move a text that has not been sent to another time; return whether there was one to move."""
    changed = session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.identity == identity, OutboundMessage.status == "scheduled")
        .values(
            due_at=due_at,
            expires_at=expires_at,
            facts=dict(facts),
            template=template,
            lateness=lateness,
            why=why,
        )
        .returning(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    log(session, [LogLine(row.id, row.clinic_id, "scheduled", row.attempt, why) for row in changed], now=now)
    return bool(changed)


def log(session: Session, lines: Sequence[LogLine], *, now: datetime) -> None:
    """Write down, in words, what happened to messages and why."""
    if not lines:
        return
    rows = [
        {
            "id": uuid.uuid4(),
            "clinic_id": line.clinic_id,
            "message_id": line.message_id,
            "at": now,
            "status": line.status,
            "attempt": line.attempt,
            "why": line.why,
        }
        for line in lines
    ]
    statement = _INSERT_LINES[session.get_bind().dialect.name]
    session.execute(statement, {"rows": as_parameter(session, rows)})


_LINE: Final = {
    "id": "uuid",
    "clinic_id": "uuid",
    "message_id": "uuid",
    "at": "timestamptz",
    "status": "text",
    "attempt": "int",
    "why": "text",
}
_INSERT_LINES: Final = {
    dialect: text(
        f"INSERT INTO message_events ({', '.join(_LINE)})"  # noqa: S608 - names of ours only
        f" SELECT {', '.join(_LINE)} FROM {rows_from(dialect, _LINE)}"
    )
    for dialect in ("postgresql", "sqlite")
}
