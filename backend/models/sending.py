"""What sending shares between workers: each sender's standing, each clinic's day, operators' alarms.

No text of a patient's; those are `messages`'. Written by `backend.outbox` and `backend.services.alarms`.
"""

from datetime import date, datetime

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, WithId


class SenderState(Base):
    """One sender's standing with the provider, in the terms of `notifications.flow`."""

    __tablename__ = "sender_states"

    sender: Mapped[str] = mapped_column(primary_key=True)  # number, alphanumeric id or MG…
    free_at: Mapped[datetime | None]  # when the segments handed over so far have left at the sender's rate
    paused_until: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(Text, default="")
    faults: Mapped[int] = mapped_column(default=0)  # provider faults in a row
    openings: Mapped[int] = mapped_column(default=0)  # times the breaker opened since all was well
    ramp: Mapped[int | None]  # texts a claim may take while the backlog drains; None: as many as it likes


class ClinicDay(WithId, ClinicOwned, Base):
    """How many texts a clinic with a daily limit handed over on one of its days."""

    __tablename__ = "clinic_days"
    __table_args__ = (UniqueConstraint("clinic_id", "day_on"),)

    day_on: Mapped[date]
    texts: Mapped[int] = mapped_column(default=0)


class OperatorAlarm(WithId, Base):
    """Something only whoever runs the system can mend; one row a cause, never a patient's data."""

    __tablename__ = "operator_alarms"

    cause: Mapped[str] = mapped_column(unique=True)  # credentials, provider_down, provider_code/21408 …
    detail: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    cleared_at: Mapped[datetime | None]
