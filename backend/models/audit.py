"""Records of what people and processes did: the audit trail, kept answers, heartbeats."""

import uuid
from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, JsonObject, WithId


class AuditEvent(WithId, ClinicOwned, Base):
    """Who did what to whom, and when; append-only, without health data."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_subject", "subject_id", "at"),)

    at: Mapped[datetime]
    actor_id: Mapped[uuid.UUID | None]  # None: the system
    actor: Mapped[str]  # the name at that time
    action: Mapped[str]  # a verb: enrol, acknowledge_alert, …
    subject: Mapped[str]  # patient, alert, milestone, …
    subject_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    detail: Mapped[JsonObject] = mapped_column(default=dict)


class IdempotencyKey(WithId, Base):
    """The answer to a POST, kept for 24 h, so that its repetition answers the same."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    account_id: Mapped[uuid.UUID]
    key: Mapped[str]
    fingerprint: Mapped[str]  # of method, path and body
    status_code: Mapped[int | None]  # None while the first request is under way
    body: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[JsonObject] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(index=True)


class WorkerHeartbeat(Base):
    """When each worker process last finished a tick, and what its jobs counted."""

    __tablename__ = "worker_heartbeats"

    worker: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    tick_seconds: Mapped[float]
    failures: Mapped[int] = mapped_column(default=0)
    last_failure: Mapped[str] = mapped_column(Text, default="")
