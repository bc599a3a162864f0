"""The signs of life that operators watch: heartbeats, how late texts are, what waits, open alarms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.models import Alert, InboundMessage, OutboundMessage, WorkerHeartbeat
from backend.queries.alarms import OpenAlarm, open_alarms
from backend.queries.holding import due_ages


@dataclass(frozen=True, slots=True)
class Vitals:
    """Ages in seconds, None where there is nothing to measure; counts by status or tier."""

    heartbeat_age: float | None
    tick_seconds: float
    due_ages: Mapping[str, float]
    outbound_in_flight: Mapping[str, int]
    inbound_waiting: Mapping[str, int]
    open_alerts: Mapping[str, int]
    job_failures: int
    alarms: tuple[OpenAlarm, ...]


def vitals(session: Session, *, now: datetime, sender: str) -> Vitals:
    """Return the signs of life at `now`; the session's scope must be every clinic's.

    `sender` is the one that clinics without their own text from; `due_ages` are by `holding.REASONS`.
    """
    heart = session.execute(
        select(WorkerHeartbeat.beat_at, WorkerHeartbeat.tick_seconds)
        .order_by(WorkerHeartbeat.beat_at.desc())
        .limit(1)
    ).one_or_none()
    return Vitals(
        heartbeat_age=(now - heart.beat_at).total_seconds() if heart else None,
        tick_seconds=heart.tick_seconds if heart else 0.0,
        due_ages=due_ages(session, now=now, sender=sender),
        outbound_in_flight=_counts(
            session, OutboundMessage.status, OutboundMessage.status.in_(("sending", "unknown"))
        ),
        inbound_waiting=_counts(
            session, InboundMessage.status, InboundMessage.status.in_(("received", "needs_review"))
        ),
        open_alerts=_counts(session, Alert.tier, Alert.status != "resolved"),
        job_failures=session.scalars(select(func.coalesce(func.sum(WorkerHeartbeat.failures), 0))).one(),
        alarms=open_alarms(session),
    )


def _counts(session: Session, column: Any, condition: Any) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).where(condition).group_by(column)).all()
    return {row[0]: row[1] for row in rows}
