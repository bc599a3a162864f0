"""What may be changed of a procedure and its plan's protocol, and what that makes of the plan's terms.

Judges only; nothing is written. Called by re-planning, for what is to be and for what would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.models import CarePlan, Procedure
from backend.services.plan_terms import Terms
from backend.services.protocols import overrides_of, signed_protocol
from schedules.protocol import CareProtocol

STATUSES: Final = ("planned", "performed", "cancelled")
"""What can be said of a procedure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCourse:
    """What is to be different; None leaves it as it is. A protocol comes with the clinic's dates in it."""

    performed_at: datetime | None = None
    status: str | None = None
    protocol: CareProtocol | None = None
    overrides: Mapping[str, object] | None = None


def course_to(
    session: Session,
    plan: CarePlan,
    *,
    performed_at: datetime | None = None,
    status: str | None = None,
    protocol: str | None = None,
    version: int | None = None,
) -> NewCourse:
    """Return a change as it is asked for: a protocol by its id, and a version by its number.

    A protocol, or a version, means what the clinic signed, with the figures it signed last. Raises Invalid
    naming the field where the clinic has not signed it.
    """
    if protocol is None and version is None:
        return NewCourse(performed_at=performed_at, status=status)
    signed = signed_protocol(session, plan.clinic_id, protocol or plan.protocol, version)
    return NewCourse(
        performed_at=performed_at,
        status=status,
        protocol=signed,
        overrides=overrides_of(session, plan.clinic_id, signed),
    )


def changed_terms(session: Session, terms: Terms, course: NewCourse, now: datetime) -> Terms:
    """Return a plan's terms with a change made to them.

    A procedure whose hour is given lies ahead or was done then, unless `status` says otherwise. Raises
    Invalid naming the field, Conflict when the plan has ended or another procedure is on that day.
    """
    if terms.plan_status not in {"active", "on_hold"}:
        raise Conflict(f"the plan is {terms.plan_status}; its dates do not change any more")
    performed_at = course.performed_at or terms.anchor_at
    status = course.status or _status_by_clock(terms, course, now)
    _check(terms, course, performed_at, status, now)
    if performed_at != terms.anchor_at:
        _refuse_same_day(session, terms, performed_at)
    changed = replace(terms, anchor_at=performed_at, procedure_status=status)
    if status == "cancelled":
        changed = replace(changed, plan_status="revoked")
    if course.protocol is not None:
        changed = changed.under(course.protocol, course.overrides or {})
    return changed


def _status_by_clock(terms: Terms, course: NewCourse, now: datetime) -> str:
    if course.performed_at is None:
        return terms.procedure_status
    return "planned" if course.performed_at > now else "performed"


def _check(terms: Terms, course: NewCourse, performed_at: datetime, status: str, now: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if course.performed_at is not None and performed_at > now + relativedelta(years=1):
        wrong["performed_at"] = ["this is more than a year ahead; give a date within the next twelve months."]
    elif course.performed_at is not None and performed_at < now - relativedelta(years=10):
        wrong["performed_at"] = ["this is more than ten years ago; give a date within the last ten years."]
    if status not in STATUSES:
        wrong["status"] = [f"choose one of {', '.join(STATUSES)}."]
    elif course.status == "performed" and performed_at > now:
        wrong["status"] = ["this lies ahead; give the hour it was performed as performed_at."]
    elif course.status == "planned" and performed_at <= now:
        wrong["status"] = ["this lies in the past; give the new date as performed_at."]
    elif course.status == "cancelled" and terms.procedure_status == "performed":
        wrong["status"] = ["it was performed; withdraw the plan if nothing is to follow from it."]
    if course.protocol is not None and course.protocol.region != terms.region:
        wrong["protocol"] = [f"{course.protocol.id} is for the {course.protocol.region} region."]
    if wrong:
        raise Invalid(wrong)


def _refuse_same_day(session: Session, terms: Terms, performed_at: datetime) -> None:
    zone = ZoneInfo(terms.clinic_zone)
    day = performed_at.astimezone(zone).date()
    others = session.scalars(
        select(Procedure.performed_at).where(
            Procedure.patient_id == terms.patient_id,
            Procedure.region == terms.region,
            Procedure.status != "cancelled",
            Procedure.id != terms.procedure_id,
        )
    )
    if any(other.astimezone(zone).date() == day for other in others):
        raise Conflict(f"a {terms.region} procedure of this patient on {day:%-d %B %Y} is already recorded")
