"""Setting a clinic up, and finding the one an actor works for."""

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy.orm import Session

from backend.errors import NotFound
from backend.models import Clinic
from backend.services.actors import Actor, record


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDetails:
    """What must be known of a clinic before its first patient."""

    name: str
    country: str
    timezone: str
    language: str
    phone: str
    emergency_number: str
    window_start: time = time(9, 0)
    window_end: time = time(20, 0)
    sender: str | None = None


def create_clinic(session: Session, details: ClinicDetails, *, now: datetime) -> Clinic:
    """Add a clinic; its protocols still have to be signed before it can enrol anyone."""
    clinic = Clinic(
        name=details.name,
        country=details.country,
        timezone=details.timezone,
        language=details.language,
        phone=details.phone,
        emergency_number=details.emergency_number,
        window_start=details.window_start,
        window_end=details.window_end,
        sender=details.sender,
        created_at=now,
    )
    session.add(clinic)
    session.flush()
    return clinic


def clinic_of(session: Session, actor: Actor) -> Clinic:
    """Return the clinic the actor works for. Raises NotFound when it is gone."""
    clinic = session.get(Clinic, actor.clinic_id)
    if clinic is None:
        raise NotFound("this clinic does not exist")
    return clinic


def switch_sending(session: Session, actor: Actor, *, enabled: bool, now: datetime) -> Clinic:
    """Let the clinic's texts go out, or hold them all; safety texts go in any case."""
    clinic = clinic_of(session, actor)
    clinic.sending_enabled = enabled
    record(session, actor, "switch_sending", "clinic", clinic.id, now=now, detail={"enabled": enabled})
    return clinic
