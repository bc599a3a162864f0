"""The signs of life of worker processes, one row a process; `/readyz` reads them.

Written by the worker itself, through `jobs.beat`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.models import WorkerHeartbeat


def leave_sign(
    session: Session, worker: str, *, tick_seconds: float, failure: str | None, now: datetime
) -> None:
    """Note that a worker is alive, or that a job of it failed.

    A failure is no sign of life: the heartbeat is a job of its own, and must be missed when it stops. Two
    threads of one worker may be the first to write.
    """
    row = {"tick_seconds": tick_seconds, "beat_at": now, "failures": 0, "last_failure": ""}
    known: dict[str, Any] = {"tick_seconds": tick_seconds, "beat_at": now}
    if failure is not None:
        row |= {"failures": 1, "last_failure": failure}
        known = {"failures": WorkerHeartbeat.failures + 1, "last_failure": failure}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(WorkerHeartbeat)
        .values(worker=worker, started_at=now, **row)
        .on_conflict_do_update(index_elements=["worker"], set_=known)
    )
