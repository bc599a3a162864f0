"""Accounts: who signs in. A patient's account is apart from the patient, whose care it is.

These tables are not walled by clinic, because they are read to find out which
clinic a caller belongs to; what they lead to is.
"""

import uuid
from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.db import Base, WithId

account_roles = Table(
    "account_roles",
    Base.metadata,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)


class Role(WithId, RoleMixin, Base):  # type: ignore[misc]  # the mixin types id as an int
    """One of `nurse`, `clinician`, `admin` (staff) and `patient` (the app)."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    permissions = None  # roles are the grain here; the mixin asks for the name


class Account(WithId, UserMixin, Base):  # type: ignore[misc]  # the mixin types id as an int
    """A sign-in: staff by e-mail and password, a patient by a code sent to the phone."""

    __tablename__ = "accounts"

    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinics.id"), index=True)
    email: Mapped[str | None] = mapped_column(unique=True)  # type: ignore[assignment]  # a patient has none
    password: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None]
    us_phone_number: Mapped[str | None] = mapped_column(String(128), unique=True)
    us_totp_secrets: Mapped[str | None]
    last_seen_at: Mapped[datetime | None]  # the worklist's "since you last looked"
    created_at: Mapped[datetime]
    roles: Mapped[list[Role]] = relationship(  # type: ignore[assignment]  # the mixin says list[RoleMixin]
        secondary=account_roles, lazy="selectin"
    )

    @property
    def role_names(self) -> frozenset[str]:
        """The names of the roles this account holds."""
        return frozenset(role.name for role in self.roles)


class PatientAccount(Base):
    """Which patients an account may see: usually the person itself."""

    __tablename__ = "patient_accounts"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), primary_key=True, index=True)
    relation: Mapped[str] = mapped_column(default="self")


class RefreshToken(WithId, Base):
    """One link of a chain of refresh tokens; using a link twice revokes the whole family."""

    __tablename__ = "refresh_tokens"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    family_id: Mapped[uuid.UUID] = mapped_column(index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256, hex
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
