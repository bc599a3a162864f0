"""A patient's calendar: the address it is fetched at, and what was published in it so far."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, JsonObject, WithId


class CalendarFeed(WithId, ClinicOwned, Base):
    """The one secret address of a patient's calendar; a renewed one makes the one before it void."""

    __tablename__ = "calendar_feeds"

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), unique=True)
    generation: Mapped[int]  # which address it is, counted from 1
    token_hash: Mapped[str] = mapped_column(String(64))  # SHA-256, hex
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class CalendarEntry(WithId, ClinicOwned, Base):
    """One entry as it was published last, so that only what changes gets a new number."""

    __tablename__ = "calendar_entries"
    __table_args__ = (UniqueConstraint("patient_id", "uid"),)

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"))
    uid: Mapped[uuid.UUID]
    sequence: Mapped[int]  # RFC 5545 SEQUENCE: 0, and one more with each change
    content: Mapped[JsonObject]  # {summary, description, starts, status}: neutral words, no health data
    changed_at: Mapped[datetime]
