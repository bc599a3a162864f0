"""What a patient's calendar says: appointments and dated steps in neutral words, numbered as they change.

A calendar lies open on a phone's lock screen and with whoever hosts it, so an entry names no procedure, no
step and no clinic. What was published is kept: an entry that ends is shown as cancelled, never dropped, and
its number rises only when it changes. Writing it as a file is `backend.api.ics`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import CalendarEntry, CalendarFeed, CarePlan, Clinic, Milestone, Patient, Procedure

_APPOINTMENT: Final[Mapping[str, str]] = {"en": "Appointment", "tr": "Randevu"}
_TO_BOOK: Final[Mapping[str, str]] = {"en": "Make an appointment", "tr": "Randevu alın"}
_DATE: Final[Mapping[str, str]] = {"en": "A date to remember", "tr": "Hatırlanacak bir tarih"}
_DETAILS: Final[Mapping[str, str]] = {
    "en": "Details are in your app. Questions: {phone}",
    "tr": "Ayrıntılar uygulamanızda. Sorular: {phone}",
}
CALENDAR_NAME: Final[Mapping[str, str]] = {"en": "My appointments", "tr": "Randevularım"}


CANCELLED: Final = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is published: its identity, its number, when it last changed, and what it says.

    `starts` is an aware instant for an appointment, a day for a date without an hour. `status` is
    CONFIRMED, TENTATIVE or CANCELLED.
    """

    uid: uuid.UUID
    sequence: int
    changed_at: datetime
    summary: str
    description: str
    starts: datetime | date
    status: str


Content = dict[str, Any]
"""What an entry says, as it is kept: {summary, description, starts, status}."""


def published_entries(session: Session, feed: CalendarFeed, *, now: datetime) -> tuple[Entry, ...] | None:
    """Return a calendar's entries by identity; None when something has changed that is not published yet."""
    kept = _kept(session, feed)
    return None if _changes(kept, _wanted(session, feed), now) else _entries(kept)


def publish_entries(session: Session, feed: CalendarFeed, *, now: datetime) -> tuple[Entry, ...]:
    """Publish what has changed, and return the calendar's entries by identity."""
    session.refresh(feed, with_for_update=True)  # two calendars that fetch at once number a change once
    kept = _kept(session, feed)
    for uid, content in _changes(kept, _wanted(session, feed), now).items():
        row = kept.get(uid)
        if row is None:
            row = kept[uid] = CalendarEntry(
                clinic_id=feed.clinic_id, patient_id=feed.patient_id, uid=uid, sequence=-1
            )
            session.add(row)
        row.sequence += 1
        row.content = content
        row.changed_at = now
    session.flush()
    return _entries(kept)


def _changes(
    kept: Mapping[uuid.UUID, CalendarEntry], wanted: Mapping[uuid.UUID, Content], now: datetime
) -> dict[uuid.UUID, Content]:
    """What has to be published: what is new or says something else, and as cancelled what will not be.

    What lies in the past and is no longer planned took place, or did not; it stays as it was told.
    """
    changed = {uid: said for uid, said in wanted.items() if uid not in kept or kept[uid].content != said}
    for uid, row in kept.items():
        if uid not in wanted and row.content["status"] != CANCELLED and _is_to_come(row.content, now):
            changed[uid] = {**row.content, "status": CANCELLED}
    return changed


def _is_to_come(content: Content, now: datetime) -> bool:
    starts = _starts(content)
    return starts > now if isinstance(starts, datetime) else starts >= now.date()


def _kept(session: Session, feed: CalendarFeed) -> dict[uuid.UUID, CalendarEntry]:
    rows = session.scalars(select(CalendarEntry).where(CalendarEntry.patient_id == feed.patient_id))
    return {row.uid: row for row in rows}


def _wanted(session: Session, feed: CalendarFeed) -> dict[uuid.UUID, Content]:
    """What the calendar should say now: each plan's milestones, and its procedure if it was planned ahead."""
    patient = session.get_one(Patient, feed.patient_id)
    clinic = session.get_one(Clinic, feed.clinic_id)
    wanted: dict[uuid.UUID, Content] = {}
    for plan, procedure in _plans(session, feed.patient_id):
        if procedure.performed_at > plan.created_at and procedure.status != "cancelled":
            uid = _uid(plan, "procedure", 0)
            wanted[uid] = _content(_APPOINTMENT, procedure.performed_at, patient, clinic)
        for row in session.scalars(select(Milestone).where(Milestone.care_plan_id == plan.id)):
            content = _of_milestone(row, patient, clinic)
            if content is not None:
                wanted[_uid(plan, row.step_key, row.occurrence)] = content
    return wanted


def _plans(session: Session, patient_id: uuid.UUID) -> Sequence[tuple[CarePlan, Procedure]]:
    rows = session.execute(
        select(CarePlan, Procedure)
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .where(CarePlan.patient_id == patient_id, CarePlan.status != "revoked")
    )
    return [(plan, procedure) for plan, procedure in rows]


def _of_milestone(row: Milestone, patient: Patient, clinic: Clinic) -> Content | None:
    """What a milestone puts into the calendar: its appointment, or its day while it has none."""
    appointment = row.booked_at if row.status in {"booked", "done"} else None
    if row.status == "done" and appointment and row.completed_at and appointment > row.completed_at:
        return None  # done without it
    if appointment:
        return _content(_APPOINTMENT, appointment, patient, clinic)
    if row.status != "planned":
        return None
    day = row.due_at.astimezone(ZoneInfo(clinic.timezone)).date()
    return _content(_TO_BOOK if row.bookable else _DATE, day, patient, clinic)


def _content(words: Mapping[str, str], starts: datetime | date, patient: Patient, clinic: Clinic) -> Content:
    return {
        "summary": words[patient.language],
        "description": _DETAILS[patient.language].format(phone=clinic.phone),
        "starts": starts.isoformat(),
        "status": "CONFIRMED" if isinstance(starts, datetime) else "TENTATIVE",
    }


def _uid(plan: CarePlan, step_key: str, occurrence: int) -> uuid.UUID:
    """An identity that stays when the date moves, and from which nobody can read what it is about."""
    return uuid.uuid5(plan.id, f"{step_key}/{occurrence}")


def _entries(rows: Mapping[uuid.UUID, CalendarEntry]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            uid=row.uid,
            sequence=row.sequence,
            changed_at=row.changed_at,
            summary=row.content["summary"],
            description=row.content["description"],
            starts=_starts(row.content),
            status=row.content["status"],
        )
        for row in sorted(rows.values(), key=lambda row: row.uid.hex)
    )


def _starts(content: Content) -> datetime | date:
    written: str = content["starts"]
    return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)
