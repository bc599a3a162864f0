"""One procedure as the calendar sees it, from the rows that hold it: zones, facts, open days, what was done.

The dates themselves are `schedules.timeline`'s. Called by enrolment and by whoever plans anew.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from backend.models import Clinic, Milestone, Patient, Procedure
from schedules.conditions import Facts, known_facts
from schedules.course import Course, MilestoneDates
from schedules.open_days import OpenDays
from schedules.public_holidays import public_holidays


def course_of(
    procedure: Procedure,
    patient: Patient,
    clinic: Clinic,
    *,
    now: datetime,
    milestones: Iterable[Milestone] = (),
) -> Course:
    """Return everything that decides the dates of a procedure; `milestones` are its plan's rows, if any."""
    return Course(
        anchor=procedure.performed_at,
        clinic_zone=clinic.timezone,
        patient_zone=patient.timezone,
        facts=facts_of(procedure, patient),
        now=now,
        preferred_time=patient.preferred_time,
        open_days=open_days_of(clinic),
        milestones=dates_of(milestones),
        flies_home_on=procedure.flies_home_on,
    )


def facts_of(procedure: Procedure, patient: Patient) -> Facts:
    """Return what a protocol may ask about; what nobody has told is left out."""
    told = {
        "region": procedure.region,
        "technique": procedure.technique,
        "anaesthesia": procedure.anaesthesia,
        "levels": tuple(procedure.levels),
        "language": patient.language,
    }
    return known_facts(told | ({"job": procedure.job} if procedure.job else {}))


def open_days_of(clinic: Clinic) -> OpenDays:
    """Return the days a clinic is open: its weekdays, its country's holidays, its own closed days."""
    return OpenDays(
        closed_weekdays=frozenset(clinic.closed_weekdays),
        closed_days=frozenset(date.fromisoformat(day) for day in clinic.closed_days),
        holiday=public_holidays(clinic.country),
    )


def dates_of(
    milestones: Iterable[Milestone], *, moved_by_hand: Collection[str] = ()
) -> dict[str, MilestoneDates]:
    """Return what became of the milestones that happen once, as steps that hang on them need it.

    A due date counts only for the steps that a person has moved; any other is the protocol's to say.
    """
    return {
        row.step_key: MilestoneDates(
            due_at=row.due_at if row.step_key in moved_by_hand else None,
            booked_at=row.booked_at if row.status == "booked" else None,
            done_at=row.completed_at,
            cancelled=row.status == "cancelled",
        )
        for row in milestones
        if row.occurrence == 0
    }
