"""The demo clinic: its particulars, the people who work there, the protocols it has signed."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.db import ALL_CLINICS, transaction
from backend.models import Account, Clinic
from backend.services.accounts import create_staff
from backend.services.actors import Actor
from backend.services.clinics import ClinicDetails, create_clinic
from backend.services.protocols import shipped, sign_protocol

ZONE: Final = "Europe/Istanbul"
HEAVY_LIFTING: Final = {"heavy_lifting.ends": "P6W"}
"""What the seed page leaves open and a clinic must decide (clinical/nucleoplasty.md, section 2)."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One demo account. The password is no secret: it is printed, and in the README."""

    email: str
    password: str
    role: str
    name: str


SIGN_INS: Final = (
    SignIn("nurse@demo.example", "recovery-demo", "nurse", "Elif Aksoy"),
    SignIn("clinician@demo.example", "recovery-demo", "clinician", "Dr. Cem Tanyeli"),
    SignIn("admin@demo.example", "recovery-demo", "admin", "Derya Uslu"),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """The clinic's people as actors."""

    clinic_id: uuid.UUID
    nurse: Actor
    clinician: Actor


def open_clinic(session: Session, *, now: datetime, sender: str | None) -> Staff:
    """Set the clinic up: accounts, and both protocols signed by the clinician."""
    clinic = create_clinic(
        session,
        ClinicDetails(
            name="Bosphorus Spine Clinic",
            country="TR",
            timezone=ZONE,
            language="en",
            phone="+90 212 555 01 00",
            emergency_number="112",
            sender=sender,
        ),
        now=now,
    )
    actors: dict[str, Actor] = {}
    for sign_in in SIGN_INS:
        account = create_staff(
            session, clinic.id, sign_in.email, sign_in.password, sign_in.name, sign_in.role, now
        )
        actors[sign_in.role] = Actor(account.id, account.name, clinic.id)
    for protocol in shipped().all():
        sign_protocol(session, actors["clinician"], protocol.id, HEAVY_LIFTING, now=now)
    return Staff(clinic.id, actors["nurse"], actors["clinician"])


def demo_is_here(engine: Engine) -> bool:
    """Say whether the accounts of the demo exist, so that showing them makes sense."""
    with transaction(engine, ALL_CLINICS) as session:
        found = session.scalars(select(Account.id).where(Account.email == SIGN_INS[0].email))
        return found.first() is not None


def is_empty(engine: Engine) -> bool:
    """Say whether nothing has been stored yet that a demo could be mixed up with."""
    with transaction(engine, ALL_CLINICS) as session:
        return session.scalars(select(Clinic.id).limit(1)).first() is None
