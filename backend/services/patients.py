"""Registering patients and keeping their particulars right."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.models import Clinic, Patient
from backend.models.rows import Row
from backend.queries.patients import fold_name
from backend.services.actors import Actor, record
from backend.services.clinics import clinic_of
from backend.services.consent import SOURCES, record_consent
from backend.services.replanning import follow_particulars
from backend.services.sign_in import end_sign_ins_of
from notifications.compose import languages
from notifications.phone import InvalidPhone, PhoneNumber
from schedules.vocabulary import in_texting_hours

EDITABLE = frozenset(
    {
        "given_name",
        "family_name",
        "phone",
        "language",
        "timezone",
        "preferred_time",
        "external_id",
        "birth_date",
    }
)
_DATING = frozenset({"language", "timezone", "preferred_time"})
"""What the dates of a plan depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """That the patient agreed to texts: when, and how the clinic knows."""

    given_at: datetime
    source: str
    wording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDetails:
    """What a clinic tells about a new patient. `phone` may be written in any usual form."""

    given_name: str
    family_name: str
    phone: str
    language: str
    timezone: str
    external_id: str | None = None
    birth_date: date | None = None
    preferred_time: time | None = None
    consent: ConsentGiven | None = None


def register_patient(session: Session, actor: Actor, details: PatientDetails, *, now: datetime) -> Patient:
    """Add a patient to the actor's clinic.

    Raises Invalid naming every field that cannot be used, Conflict when the
    clinic already has a patient of that `external_id`.
    """
    clinic = clinic_of(session, actor)
    phone = check_details(clinic, details, now=now)
    _refuse_same_external_id(session, details.external_id, other_than=None)
    patient = Patient(**patient_row(clinic, details, phone, now=now))
    session.add(patient)
    session.flush()
    record(session, actor, "register_patient", "patient", patient.id, now=now, patient_id=patient.id)
    if details.consent is not None:
        record_consent(
            session,
            actor,
            patient,
            state="opted_in",
            source=details.consent.source,
            wording=details.consent.wording,
            given_at=details.consent.given_at,
            now=now,
        )
    return patient


def check_details(clinic: Clinic, details: PatientDetails, *, now: datetime) -> PhoneNumber:
    """Return the number of a patient to be. Raises Invalid naming every field that cannot be used."""
    phone = _check(clinic, _as_changes(details), now)
    if details.consent is not None:
        _check_consent(details.consent, now)
    assert phone is not None, "a new patient's details have a number"
    return phone


def patient_row(clinic: Clinic, details: PatientDetails, phone: PhoneNumber, *, now: datetime) -> Row:
    """Return the row of a patient whose details have been checked."""
    given_name, family_name = _tidy(details.given_name), _tidy(details.family_name)
    return {
        "id": uuid.uuid4(),
        "clinic_id": clinic.id,
        "given_name": given_name,
        "family_name": family_name,
        "search_name": fold_name(f"{family_name} {given_name}"),
        "search_given": fold_name(f"{given_name} {family_name}"),
        "phone": phone.e164,
        "phone_country": phone.country,
        "language": details.language,
        "timezone": details.timezone,
        "preferred_time": details.preferred_time,
        "external_id": details.external_id,
        "birth_date": details.birth_date,
        "consent_state": "opted_in" if details.consent else "none",
        "consent_since": details.consent.given_at if details.consent else None,
        "created_at": now,
        "updated_at": now,
    }


def update_patient(
    session: Session, actor: Actor, patient: Patient, changes: Mapping[str, Any], *, now: datetime
) -> Patient:
    """Change what `changes` names (keys of EDITABLE); what is planned follows a new zone, hour or language.

    Invalid or Conflict leave everything as it was.
    """
    unknown = sorted(changes.keys() - EDITABLE)
    if unknown:
        raise Invalid({name: ["this cannot be changed."] for name in unknown})
    phone = _check(clinic_of(session, actor), changes, now)
    if "external_id" in changes:
        _refuse_same_external_id(session, changes["external_id"], other_than=patient)
    dates_follow = any(getattr(patient, name) != changes[name] for name in _DATING & changes.keys())
    for name, value in changes.items():
        if name != "phone":
            setattr(patient, name, _tidy(value) if name in {"given_name", "family_name"} else value)
    if phone is not None and phone.e164 != patient.phone:
        _apply_phone(patient, phone)
        end_sign_ins_of(session, patient.id, now=now)  # the old number may be somebody else's by now
    _apply_search(patient)
    patient.updated_at = now
    session.flush()
    record(
        session,
        actor,
        "update_patient",
        "patient",
        patient.id,
        now=now,
        patient_id=patient.id,
        detail={"fields": sorted(changes)},
    )
    if dates_follow:
        follow_particulars(session, actor, patient.id, now=now)
    return patient


def _as_changes(details: PatientDetails) -> dict[str, Any]:
    return {name: getattr(details, name) for name in EDITABLE}


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check(clinic: Clinic, given: Mapping[str, Any], now: datetime) -> PhoneNumber | None:
    wrong = _wrong_particulars(given, now)
    phone = None
    if "phone" in given:
        try:
            phone = mobile_number(given["phone"], clinic.country)
        except InvalidPhone as error:
            wrong["phone"] = [f"{error}"]
    if wrong:
        raise Invalid(wrong)
    return phone


def mobile_number(text: str, default_country: str) -> PhoneNumber:
    """Return a number that can receive texts. Raises InvalidPhone saying why it cannot."""
    phone = PhoneNumber.parse(text, default_country=default_country)
    if not phone.is_mobile:
        raise InvalidPhone("this is not a mobile number, so it cannot receive texts; give a mobile number.")
    return phone


def _wrong_particulars(given: Mapping[str, Any], now: datetime) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    for name in ("given_name", "family_name"):
        if name in given and not _tidy(given[name]):
            wrong[name] = ["give a name; it must not be empty."]
    if "language" in given and given["language"] not in languages():
        wrong["language"] = [
            f"there are no texts in '{given['language']}'; choose one of {', '.join(languages())}."
        ]
    if "timezone" in given and given["timezone"] not in _zones():
        wrong["timezone"] = [
            f"'{given['timezone']}' is no time zone; give an IANA name like Europe/Istanbul."
        ]
    hour = given.get("preferred_time")
    if hour is not None and not in_texting_hours(hour):
        wrong["preferred_time"] = ["texts go from 09:00 and before 20:00; give an hour between."]
    born = given.get("birth_date")
    if born is not None and not date(now.year - 120, 1, 1) <= born <= now.date():
        wrong["birth_date"] = ["give a day in the past, at most 120 years ago."]
    return wrong


def _check_consent(consent: ConsentGiven, now: datetime) -> None:
    if consent.source not in SOURCES:
        raise Invalid({"sms_consent.source": [f"choose one of {', '.join(SOURCES)}."]})
    if consent.given_at > now:
        raise Invalid({"sms_consent.given_at": ["consent cannot lie in the future."]})


def _refuse_same_external_id(
    session: Session, external_id: str | None, *, other_than: Patient | None
) -> None:
    if not external_id:
        return
    holder = session.scalars(select(Patient.id).where(Patient.external_id == external_id)).first()
    if holder is not None and (other_than is None or holder != other_than.id):
        raise Conflict(f"this clinic already has a patient with external_id '{external_id}'")


def _apply_phone(patient: Patient, phone: PhoneNumber | None) -> None:
    if phone is not None:
        patient.phone = phone.e164
        patient.phone_country = phone.country
        patient.phone_unreachable_since = None


def _apply_search(patient: Patient) -> None:
    patient.search_name = fold_name(f"{patient.family_name} {patient.given_name}")
    patient.search_given = fold_name(f"{patient.given_name} {patient.family_name}")


def _tidy(name: str) -> str:
    return " ".join(name.split())
