"""The texts of a run: thousands of patients of three clinics, most with one text, some with three."""

import uuid
from datetime import datetime, time, timedelta

from sqlalchemy import Engine, insert

from backend.db import transaction
from backend.models import Patient
from backend.outbox import NewMessage, enqueue
from backend.services.clinics import ClinicDetails, create_clinic
from tests.chaos.scenario import Scenario

_CLINICS = ("Bosphorus Spine Clinic", "Ankara Spine Clinic", "Izmir Spine Clinic")
_TEMPLATES = ("welcome", "remind_follow_up", None)
_BATCH = 500


def stock(engine: Engine, scenario: Scenario, now: datetime) -> None:
    """Fill the outbox: texts fall due evenly from now on."""
    with transaction(engine) as session:
        clinics = [
            create_clinic(
                session,
                ClinicDetails(
                    name=name,
                    country="TR",
                    timezone="Europe/Istanbul",
                    language="en",
                    phone="+90 212 555 01 00",
                    emergency_number="112",
                    window_start=time(9),
                    window_end=time(20),
                ),
                now=now,
            ).id
            for name in _CLINICS
        ]
    for start in range(0, scenario.patients, _BATCH):
        numbers = range(start, min(start + _BATCH, scenario.patients))
        with transaction(engine) as session:
            for position, clinic in enumerate(clinics):
                theirs = [number for number in numbers if number % len(clinics) == position]
                rows = [_patient(number, now) | {"clinic_id": clinic} for number in theirs]
                if not rows:
                    continue
                ids = session.scalars(
                    insert(Patient).returning(Patient.id, sort_by_parameter_order=True), rows
                ).all()
                texts = [
                    text
                    for number, patient in zip(theirs, ids, strict=True)
                    for text in _texts(scenario, number, patient, now)
                ]
                enqueue(session, clinic, texts, now=now)


def _patient(number: int, now: datetime) -> dict[str, object]:
    name = f"Patient {number:05}"
    return {
        "given_name": name,
        "family_name": "Chaos",
        "search_name": f"chaos {name.lower()}",
        "search_given": f"{name.lower()} chaos",
        "phone": f"+90532{number + 1_000_000}",
        "phone_country": "TR",
        "language": "en",
        "timezone": "Europe/Istanbul",
        "consent_state": "opted_in",
        "consent_since": now,
        "created_at": now,
        "updated_at": now,
    }


def _texts(scenario: Scenario, number: int, patient: uuid.UUID, now: datetime) -> list[NewMessage]:
    due_at = now + scenario.due_within * (number / scenario.patients)
    safety = number % max(1, scenario.patients // scenario.safety) == 0
    many = number < scenario.with_several
    return [
        NewMessage(
            identity=f"chaos/{number}/{which}",
            patient_id=patient,
            purpose="safety" if safety else "inform",
            template=template,
            facts={"due_on": "2026-12-01"} if template == "remind_follow_up" else {},
            body=None if template else f"Please call us about letter {number}.",
            language=None if template else "en",
            due_at=due_at,
            expires_at=due_at + timedelta(hours=7),
            ignores_quiet_hours=safety,
        )
        for which, template in enumerate(_TEMPLATES if many else (_TEMPLATES[number % len(_TEMPLATES)],))
    ]
