"""Clinics, and the protocols each has signed off."""

import uuid
from datetime import datetime, time

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, JsonList, JsonObject, WithId


class Clinic(WithId, Base):
    """A clinic: whose zone dates count in, who signs the texts, when texts may go."""

    __tablename__ = "clinics"

    name: Mapped[str]
    country: Mapped[str]  # ISO 3166-1 alpha-2, for numbers written without a country code
    timezone: Mapped[str]  # IANA
    language: Mapped[str]
    phone: Mapped[str]  # what a patient calls, as it is to be read
    emergency_number: Mapped[str]
    sender: Mapped[str | None]  # the number patients of this clinic text; None: TWILIO_SENDER
    window_start: Mapped[time] = mapped_column(default=time(9, 0))  # patient-local; texts go inside
    window_end: Mapped[time] = mapped_column(default=time(20, 0))
    sending_enabled: Mapped[bool] = mapped_column(default=True)
    daily_text_limit: Mapped[int | None]  # texts a day at most, but for urgent ones; None: no limit
    # what is never booked for: ISO weekdays (1 is Monday; proposed: the weekend), and days of its own
    closed_weekdays: Mapped[JsonList] = mapped_column(default=lambda: [6, 7])
    closed_days: Mapped[JsonList] = mapped_column(default=list)  # ISO days, public holidays apart
    created_at: Mapped[datetime]


class ClinicProtocol(WithId, ClinicOwned, Base):
    """A clinic's signature under one version of a protocol, with the dates it set itself."""

    __tablename__ = "clinic_protocols"
    __table_args__ = (UniqueConstraint("clinic_id", "protocol", "version"),)

    protocol: Mapped[str]
    version: Mapped[int]
    overrides: Mapped[JsonObject] = mapped_column(default=dict)  # dotted key -> value, as in the TOML
    approved_by: Mapped[str] = mapped_column(Text)
    approved_at: Mapped[datetime]
    approved_account_id: Mapped[uuid.UUID | None]
