"""On which days a clinic is closed, besides the public holidays of its country."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from backend.errors import Invalid
from backend.models import Clinic
from backend.services.actors import Actor, record
from backend.services.clinics import clinic_of

_MOST_DAYS: Final = 366
_KEPT: Final = timedelta(days=366)
"""Closed days older than this are forgotten: no date can fall on them any more."""


def close_clinic(
    session: Session,
    actor: Actor,
    *,
    weekdays: Collection[int] | None = None,
    days: Collection[date] | None = None,
    now: datetime,
) -> Clinic:
    """Set the ISO weekdays (1 is Monday) and the days a clinic is closed; what is None stays as it is.

    Dates of plans made from now on give way; those of plans there are move when they are planned anew.
    Raises Invalid for a weekday there is not, for a clinic that would never open, and for too many days.
    """
    clinic = clinic_of(session, actor)
    if weekdays is not None:
        if not set(weekdays) < set(range(1, 8)):
            raise Invalid({"closed_weekdays": ["give some of the numbers from 1 (Monday) to 7, not all."]})
        clinic.closed_weekdays = sorted(set(weekdays))
    if days is not None:
        kept = sorted(day for day in set(days) if day >= now.date() - _KEPT)
        if len(kept) > _MOST_DAYS:
            raise Invalid(
                {"closed_days": [f"give at most {_MOST_DAYS} days; weekdays have their own place."]}
            )
        clinic.closed_days = [day.isoformat() for day in kept]
    detail = {"closed_weekdays": clinic.closed_weekdays, "closed_days": clinic.closed_days}
    record(session, actor, "close_clinic", "clinic", clinic.id, now=now, detail=detail)
    return clinic
