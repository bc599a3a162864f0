"""Patients, and the append-only ledger of what each consented to."""

import uuid
from datetime import date, datetime, time

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, SortedText, WithId


class Patient(WithId, ClinicOwned, Base):
    """A person under the clinic's care."""

    __tablename__ = "patients"
    __table_args__ = (
        UniqueConstraint("clinic_id", "external_id"),
        Index("ix_patients_clinic_search", "clinic_id", "search_name", "id"),
        Index("ix_patients_phone", "phone"),
    )

    given_name: Mapped[str]
    family_name: Mapped[str]
    search_name: Mapped[str] = mapped_column(SortedText)  # folded "family given", for prefix search
    search_given: Mapped[str] = mapped_column(SortedText)  # folded "given family"
    phone: Mapped[str]  # E.164
    phone_country: Mapped[str]
    phone_unreachable_since: Mapped[datetime | None]
    language: Mapped[str]
    timezone: Mapped[str]
    preferred_time: Mapped[time | None]
    external_id: Mapped[str | None]
    birth_date: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="active")  # active, discharged
    consent_state: Mapped[str] = mapped_column(
        default="none"
    )  # newest line of the ledger: opted_in, opted_out, none
    consent_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict


class ConsentEvent(WithId, ClinicOwned, Base):
    """One line of the consent ledger: never changed, never deleted."""

    __tablename__ = "consent_events"

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    state: Mapped[str]  # opted_in, opted_out
    source: Mapped[str]  # clinic, phone, app, import
    channel: Mapped[str] = mapped_column(default="sms")
    wording: Mapped[str] = mapped_column(default="")  # what was agreed to, or the word that was texted
    given_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID | None]
