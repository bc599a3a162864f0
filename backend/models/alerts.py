"""Alerts: what a nurse must see, until somebody has dealt with it."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, JsonObject, WithId

_UNRESOLVED = text("status <> 'resolved'")


class Alert(WithId, ClinicOwned, Base):
    """One cause that needs a person; at most one unresolved alert per plan and cause."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_unresolved_cause",
            "care_plan_id",
            "cause",
            unique=True,
            postgresql_where=_UNRESOLVED,
            sqlite_where=_UNRESOLVED,
        ),
        Index(
            "ix_alerts_worklist",
            "clinic_id",
            "tier_rank",
            "raised_at",
            postgresql_where=_UNRESOLVED,
            sqlite_where=_UNRESOLVED,
        ),
    )

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    care_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("care_plans.id"))
    tier: Mapped[str]  # emergency, same_day, next_day, lost_sight
    tier_rank: Mapped[int]  # 0 is the most urgent; the worklist's order
    rule: Mapped[str]
    cause: Mapped[str]
    reason: Mapped[JsonObject]  # one sentence a language
    quote: Mapped[str] = mapped_column(Text, default="")  # the patient's own words, where there are any
    status: Mapped[str] = mapped_column(default="open")  # open, acknowledged, resolved
    repeats: Mapped[int] = mapped_column(default=0)  # how often the cause came again while unresolved
    last_at: Mapped[datetime]
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[uuid.UUID | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[uuid.UUID | None]
    outcome: Mapped[str | None]
    note: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict
