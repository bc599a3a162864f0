"""The signs of life that operators watch: heartbeats, how late texts are, what waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.models import Alert, Clinic, InboundMessage, OutboundMessage, WorkerHeartbeat


@dataclass(frozen=True, slots=True)
class Vitals:
    """Ages in seconds, None where there is nothing to measure; counts by status or tier."""

    heartbeat_age: float | None
    tick_seconds: float
    oldest_due_age: float
    outbound_in_flight: Mapping[str, int]
    inbound_waiting: Mapping[str, int]
    open_alerts: Mapping[str, int]
    job_failures: int


def vitals(session: Session, *, now: datetime) -> Vitals:
    """Return the signs of life at `now`; the session's scope must be every clinic's."""
    heart = session.execute(
        select(WorkerHeartbeat.beat_at, WorkerHeartbeat.tick_seconds)
        .order_by(WorkerHeartbeat.beat_at.desc())
        .limit(1)
    ).one_or_none()
    held_back = select(Clinic.id).where(Clinic.sending_enabled.is_(False))
    oldest_due = session.scalars(
        select(func.min(OutboundMessage.due_at)).where(
            OutboundMessage.status == "scheduled",
            OutboundMessage.due_at <= now,
            OutboundMessage.clinic_id.not_in(held_back),
        )
    ).one()
    return Vitals(
        heartbeat_age=(now - heart.beat_at).total_seconds() if heart else None,
        tick_seconds=heart.tick_seconds if heart else 0.0,
        oldest_due_age=(now - oldest_due).total_seconds() if oldest_due else 0.0,
        outbound_in_flight=_counts(
            session, OutboundMessage.status, OutboundMessage.status.in_(("sending", "unknown"))
        ),
        inbound_waiting=_counts(
            session, InboundMessage.status, InboundMessage.status.in_(("received", "needs_review"))
        ),
        open_alerts=_counts(session, Alert.tier, Alert.status != "resolved"),
        job_failures=session.scalars(select(func.coalesce(func.sum(WorkerHeartbeat.failures), 0))).one(),
    )


def _counts(session: Session, column: Any, condition: Any) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).where(condition).group_by(column)).all()
    return {row[0]: row[1] for row in rows}
